import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  parseCounts,
  parseInfo,
  parseLoad,
  parseOldWorkers,
  parseServers,
  parseVariable,
  ReplyError,
} from '../src/runtime-reply.ts'

test('a reply that is none is told from one: nothing is guessed', () => {
  const parsers = [parseInfo, parseVariable, parseServers, parseLoad, parseCounts, parseOldWorkers]
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...parsers), (reply, parse) => {
      fc.pre(!reply.startsWith('Variable not found'))
      expect(() => parse(reply)).toThrow(ReplyError)
    }),
  )
})

test('a variable is read, and one that is not there is none', () => {
  expect(parseVariable('proc.changeover_shop: type=str value=<5:1:x/a~b>\n')).toBe('5:1:x/a~b')
  expect(parseVariable('Variable not found.\n')).toBeUndefined()
  expect(() => parseVariable('Permission denied\n')).toThrow('Permission denied')
})

test('servers are read with their states, and a weight by hand makes them unfit', () => {
  const head =
    '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_port\n'
  const rows = [
    '6 shop..1 1 v1.2d1 127.0.0.1 2 0 1 1 7101',
    '6 shop..1 2 v1.2d2 ::1 2 0 7 1 80',
    '6 shop..1 3 by-hand 10.0.0.1 0 1 1 1 80',
  ]
  expect(parseServers(`${head}${rows.join('\n')}\n`).get('shop..1')).toEqual([
    { name: 'v1.2d1', id: 'v1-1', address: '127.0.0.1:7101', open: true, fit: true },
    { name: 'v1.2d2', id: 'v1-2', address: '[::1]:80', open: true, fit: false },
    { name: 'by-hand', id: undefined, address: '10.0.0.1:80', open: false, fit: false },
  ])
})

test('requests in a backend and at none of its servers are waiting', () => {
  const reply = '# pxname,svname,scur,smax\nb,one,2,9\nb,two,1,9\nb,BACKEND,4,9\n'
  const load = parseLoad(reply).get('b')
  expect(load).toEqual({
    waiting: 1,
    servers: new Map([
      ['one', 2],
      ['two', 1],
    ]),
  })
})

test('workers that a reload replaced are found, and the present one is none of them', () => {
  const head = '#<PID>          <type>          <reloads>       <uptime>        <version>\n'
  const master = '1162            master          1 [failed: 0]   0d00h02m07s     2.6.12\n'
  const present =
    '# workers\n1271            worker          0               0d00h00m00s     2.6.12\n'
  const old =
    '# old workers\n1233            worker          2               0d00h00m43s     2.6.12\n'
  expect(parseOldWorkers(`${head}${master}${present}${old}# programs\n\n`)).toEqual([1233])
  expect(parseOldWorkers(`${head}${master}${present}# programs\n\n`)).toEqual([])
})
