import { describe, expect, it } from 'vitest'
import { countOld } from '../src/conf-look.ts'
import { parseTraffic } from '../src/lua-traffic.ts'
import { parseMarker } from '../src/marker.ts'
import { atLeast, complaint } from '../src/nginx-process.ts'
import { isAlive, masterOf, startOf, thisProcess } from '../src/processes.ts'
import { canonical, parseSockets } from '../src/sockets.ts'

describe('the start of a process', () => {
  const fields = Array.from({ length: 50 }, (_, i) => `${i + 4}`).join(' ')

  it('is found behind a name that holds blanks and brackets', () => {
    expect(startOf(`7 (a) b (c) S ${fields}`)).toBe('22')
  })

  it('is none where the process only waits to be buried, or is not there', () => {
    expect(startOf(`7 (nginx) Z ${fields}`)).toBeUndefined()
    expect(startOf('')).toBeUndefined()
  })

  it('tells this process from one that had its pid before', () => {
    const me = thisProcess()
    expect(isAlive(me)).toBe(true)
    expect(isAlive({ ...me, startedAt: '1' })).toBe(false)
    expect(masterOf('/proc/self/comm')).toBeUndefined()
  })
})

describe('connections', () => {
  const line = (remote: string, state: string, inode: string): string =>
    `   0: 0100007F:1F90 ${remote} ${state} 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1 0 20 4 30 10 -1`

  it('are those that are open, by the address of the other end', () => {
    const text = [
      '  sl  local_address rem_address',
      line('0100007F:0BB8', '01', '11'),
      line('0100007F:0BB8', '06', '0'),
      line('00000000000000000000000001000000:0BB8', '01', '12'),
      line('0000000000000000FFFF00000100007F:0BB8', '08', '13'),
    ]
    expect(parseSockets(text.join('\n'))).toEqual([
      { inode: '11', remote: '127.0.0.1:3000' },
      { inode: '12', remote: '[::1]:3000' },
      { inode: '13', remote: '127.0.0.1:3000' },
    ])
  })

  it('are compared by one form of an address', () => {
    expect(canonical('0:0:0:0:0:0:0:1')).toBe('::1')
    expect(canonical('127.0.0.1')).toBe('127.0.0.1')
  })
})

describe('what nginx gave up with', () => {
  const line = (text: string, pid = 7): string =>
    `2026/01/01 00:00:00 [emerg] ${pid}#${pid}: ${text}`

  it('is its last word, not one of its tries', () => {
    const tries = line('bind() to 127.0.0.1:80 failed (98: Address already in use)')
    expect(complaint([tries, tries].join('\n'))).toBeUndefined()
    expect(complaint([tries, line('still could not bind()')].join('\n'))).toMatch(
      /still could not bind.*Address already/,
    )
  })

  it('is not what another master said', () => {
    expect(complaint(line('unknown directive "x" in /a:1', 8), 7)).toBeUndefined()
    expect(complaint(line('unknown directive "x" in /a:1'), 7)).toBe(
      'unknown directive "x" in /a:1',
    )
  })
})

describe('workers of an older configuration', () => {
  const worker = (pid: number, leaving = false) => ({ pid, startedAt: '1', leaving })
  const generations = [{ digest: 'old', workers: [worker(1), worker(2)], instances: [] }]

  it('are those that still accept connections, until nginx has told them to go', () => {
    expect(countOld([worker(1), worker(2), worker(3)], generations, 'new')).toBe(2)
    expect(countOld([worker(1, true), worker(3)], generations, 'new')).toBe(0)
  })

  it('are not older where nginx goes on with their configuration', () => {
    expect(countOld([worker(1), worker(2)], generations, 'old')).toBe(0)
  })

  it('are not later processes with the same pids', () => {
    expect(countOld([{ pid: 1, startedAt: '9', leaving: false }], generations, 'new')).toBe(0)
  })
})

describe('an answer of nginx', () => {
  const marker = {
    service: 'shop',
    digest: 'd',
    revision: 1,
    fence: 1,
    worker: 7,
    version: '1.22.1',
  }

  it('is a marker of its service alone', () => {
    expect(parseMarker('shop', JSON.stringify(marker))).toMatchObject({
      digest: 'd',
      worker: 7,
      switched: false,
    })
    for (const text of [
      '',
      '[]',
      'null',
      '<html>',
      JSON.stringify({ ...marker, service: 'other' }),
      '{"service":"shop"}',
    ])
      expect(parseMarker('shop', text)).toBeUndefined()
  })

  it('counts by release, and how many were slower than each bound', () => {
    const { v1 } = parseTraffic('T:7631 10\nB:7631 2\nS:7631:1 4\nS:7631:9 5\nS:7631:24 1')
    expect(v1).toMatchObject({ total: 10, bad: 2, slow: { 1: 6, 75: 6, 100: 1, 30000: 1 } })
    expect(parseTraffic('')).toEqual({})
  })

  it('has a version that is compared by numbers', () => {
    expect([
      atLeast('1.27.4', '1.27.4'),
      atLeast('1.30', '1.27.4'),
      atLeast('1.9.15', '1.27.4'),
    ]).toEqual([true, true, false])
  })
})
