import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { boundedLog } from '../../src/process/bounded-log.ts'
import { parseProcessOptions } from '../../src/process/process-options.ts'
import { isSteady, restartWait } from '../../src/process/restart-schedule.ts'
import { accessProblem } from '../../src/process/router-directory.ts'
import { decodeState, encodeState } from '../../src/process/router-state.ts'
import { decodeOptions, encodeOptions, hashOptions } from '../../src/process/served-options.ts'
import { table } from '../shop.ts'

const shop = { listeners: { shop: { port: 0 } } }

describe('A restart', () => {
  const schedule = { attempts: 8, backOffMs: 100 }

  it('is at once, then after ever longer waits, and not for ever', () => {
    const waits = Array.from({ length: 10 }, (_, i) => restartWait(i + 1, schedule))
    expect(waits).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, undefined, undefined])
  })

  it('begins a new row after a process that lived ten times the wait before it', () => {
    expect(isSteady(999, 1, schedule)).toBe(false)
    expect(isSteady(1_000, 1, schedule)).toBe(true)
    expect(isSteady(7_999, 5, schedule)).toBe(false)
    expect(isSteady(8_000, 5, schedule)).toBe(true)
  })
})

describe('Options for another process', () => {
  it('arrive as they were, bytes too, and are told apart whatever their order', () => {
    const plain = fc.oneof(fc.string(), fc.boolean(), fc.constant(null), fc.integer())
    const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array))
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        plain,
        bytes,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie('value'), { maxKeys: 3 }),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), value), (options) => {
        const text = encodeOptions(options)
        expect(structuredClone(decodeOptions(text))).toEqual(structuredClone({ ...options }))
        const reversed = Object.fromEntries(Object.entries(options).toReversed())
        expect(encodeOptions(reversed)).toBe(text)
      }),
    )
  })

  it('are the same ones with other certificates, and others with anything else', () => {
    const tls = { key: 'k', cert: 'c', minVersion: 'TLSv1.3' } as const
    const hash = (change: object): string =>
      hashOptions({ listeners: { shop: { port: 1, tls: { ...tls, ...change } } } })
    expect(hash({ key: 'other', cert: 'other', passphrase: 'p' })).toBe(hash({}))
    expect(hash({ minVersion: 'TLSv1.2' })).not.toBe(hash({}))
    expect(hashOptions({ listeners: { shop: { port: 1 } } })).not.toBe(hash({}))
  })

  it('are refused by name where they cannot be sent', () => {
    const options = { listeners: { shop: { port: 0, pick: () => 1 } } }
    expect(() => encodeOptions(options)).toThrow(
      expect.objectContaining({ message: expect.stringContaining('listeners.shop.pick') }),
    )
  })
})

describe('Options of a router process', () => {
  it.each([
    ['directory', { directory: '' }],
    ['directory', { directory: `/tmp/${'x'.repeat(90)}` }],
    ['restart', { restart: 'always' }],
    ['restart', { restart: { attempts: 0 } }],
    ['restart.backOff', { restart: { backOff: 0 } }],
    ['callTimeout', { callTimeout: '2h' }],
    ['listeners', { listeners: {} }],
    ['random', { random: () => 1 }],
    ['portt', { portt: 1 }],
  ])('are refused before anything is started: %s in %o', (field, wrong) => {
    const options = { directory: '/tmp/router', ...shop, ...(wrong as object) }
    expect(() => parseProcessOptions(options)).toThrow(
      expect.objectContaining({
        code: 'CHANGEOVER_OPTION_INVALID',
        message: expect.stringContaining(field),
      }),
    )
  })

  it('are refused on systems without unix sockets', () => {
    expect(() => parseProcessOptions({ directory: '/tmp/router', ...shop }, 'win32')).toThrow(
      expect.objectContaining({ code: 'CHANGEOVER_ROUTER_PROCESS_PLATFORM' }),
    )
  })
})

describe('A directory', () => {
  it('is private to its user, who is the one that asks', () => {
    expect(accessProblem({ uid: 1, mode: 0o40_700 }, 1)).toBeUndefined()
    expect(accessProblem({ uid: 1, mode: 0o40_755 }, 1)).toBeUndefined()
    expect(accessProblem({ uid: 1, mode: 0o40_770 }, 1)).toContain('write')
    expect(accessProblem({ uid: 1, mode: 0o41_777 }, 1)).toContain('write')
    expect(accessProblem({ uid: 2, mode: 0o40_700 }, 1)).toContain('user 2')
  })
})

describe('A state file', () => {
  const state = {
    tables: {
      shop: {
        ...table({ releases: { v1: ['127.0.0.1:1'], v2: ['[::1]:2'] }, weights: { v2: 100 } }),
        rules: [{ release: 'v2', header: 'x-preview', value: 'ja' }],
        affinity: { release: 'v2', salt: 'r1', cookie: 'uid' },
        mirror: { release: 'v2', weight: 5 },
      },
    },
    ports: { shop: 4711 },
  }

  it('says what was written', () => {
    expect(decodeState(encodeState(state))).toEqual(state)
  })

  it('is not trusted with any part of it missing or any letter changed', () => {
    const text = encodeState(state)
    const end = text.length - 2
    fc.assert(
      fc.property(fc.nat(end - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
        expect(decodeState(text.slice(0, at))).toHaveProperty('problem')
        const changed = text.slice(0, at) + letter + text.slice(at + 1)
        const problem = 'problem' in decodeState(changed)
        expect(problem).toBe(changed !== text)
      }),
      { numRuns: 500 },
    )
  })
})

describe('A log', () => {
  it('is turned over when it is full, and never holds more than twice its bound', () => {
    const directory = mkdtempSync(join(tmpdir(), 'router-log-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const path = join(directory, 'router.log')
    const log = boundedLog(path, 1_000)
    for (let i = 0; i < 200; i += 1) log.write(`line ${i} ${'x'.repeat(40)}\n`)
    log.close()
    log.write('too late\n')
    expect(statSync(path).size).toBeLessThanOrEqual(1_000)
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(1_000)
    expect(readFileSync(path, 'utf8')).toContain('line 199')
  })
})
