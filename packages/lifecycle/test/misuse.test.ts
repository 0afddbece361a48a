import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'

import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'

import { parseDuration } from '../src/duration.ts'
import { createLifecycle, LifecycleError } from '../src/index.ts'
import type { Lifecycle, LifecycleOptions } from '../src/index.ts'
import { readOptions } from '../src/options.ts'
import { quick } from './harness.ts'

const mistakes: [string, unknown, string[]][] = [
  ['an unknown option', { timeout: 3 }, ['timeout', 'unknown option']],
  ['an unknown part of the drain', { drain: { grace: '5s' } }, ['drain.grace', 'unknown option']],
  [
    'text that is no duration',
    { drain: { notice: '5 potatoes' } },
    ['drain.notice', '"5 potatoes"'],
  ],
  ['a negative duration', { drain: { quiet: -1 } }, ['drain.quiet', '-1']],
  [
    'a duration that no timer holds',
    { drain: { deadline: '30 days' } },
    ['drain.deadline', '30 days'],
  ],
  ['an endless duration', { drain: { deadline: Infinity } }, ['drain.deadline', 'Infinity']],
  ['an empty name', { name: '' }, ['name', '""']],
  ['a signal that does not exist', { signals: ['SIGTREM'] }, ['signals.0', '"SIGTREM"']],
  ['a signal that nobody can catch', { signals: ['SIGKILL'] }, ['signals.0', '"SIGKILL"']],
  ['another policy', { secondSignal: 'panic' }, ['secondSignal', '"panic"']],
  ['no boolean', { exit: 'yes' }, ['exit', '"yes"']],
  ['half a logger', { logger: { info: () => {} } }, ['logger', 'pino']],
]

describe('createLifecycle', () => {
  it.each(mistakes)('refuses %s, naming the field and the value', (_, options, words) => {
    const listeners = process.listenerCount('SIGTERM')
    const error = caught(() => createLifecycle(options as LifecycleOptions))
    expect(error.code).toBe('CHANGEOVER_LIFECYCLE_OPTION_INVALID')
    for (const word of words) expect(error.message).toContain(word)
    expect(error.cause).toBeDefined()
    expect(process.listenerCount('SIGTERM')).toBe(listeners)
  })

  it('refuses a deadline that leaves no room for notice and quiet', () => {
    const error = caught(() => createLifecycle({ drain: { notice: '25s' } }))
    expect(error.code).toBe('CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT')
    expect(error.message).toContain('25100')
  })

  it('refuses a window for streams that does not fit, and shortens the default one', () => {
    const drain = { notice: 1_000, quiet: 0, deadline: 2_000 }
    const error = caught(() => createLifecycle({ drain: { ...drain, streams: '1.5s' } }))
    expect(error.code).toBe('CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT')
    expect(error.message).toContain('2500')
    expect(readOptions({ drain })).toMatchObject({ streamsMs: 500 })
  })

  it('has the defaults that its documentation names', () => {
    expect(readOptions({})).toMatchObject({
      noticeMs: 5_000,
      quietMs: 100,
      streamsMs: 1_000,
      deadlineMs: 25_000,
      signals: ['SIGTERM', 'SIGINT'],
      secondSignal: 'ignore',
      exit: true,
    })
  })

  it('takes a pino logger', async () => {
    const lines: { msg: string }[] = []
    const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
    await createLifecycle({ signals: [], drain: quick, logger }).close()
    expect(lines.map(({ msg }) => msg)).toEqual([
      'draining',
      'closing listener',
      'drained',
      'stopped',
    ])
  })
})

const late: [string, (lifecycle: Lifecycle) => void][] = [
  ['ready', (lifecycle) => lifecycle.ready()],
  ['attach', (lifecycle) => lifecycle.attach(createServer())],
  ['onDrain', (lifecycle) => lifecycle.onDrain('a', () => {})],
  ['onStop', (lifecycle) => lifecycle.onStop('a', () => {})],
]

describe('a lifecycle', () => {
  it.each(late)('refuses %s once the drain began, and after it', async (_, call) => {
    const lifecycle = createLifecycle({ signals: [], drain: quick })
    const stopped = lifecycle.shutdown()
    expect(caught(() => call(lifecycle)).code).toBe('CHANGEOVER_LIFECYCLE_DRAINING')
    await stopped
    expect(caught(() => call(lifecycle)).code).toBe('CHANGEOVER_LIFECYCLE_DRAINING')
  })

  it('refuses the same server twice, and what is no HTTP server', async () => {
    await using lifecycle = createLifecycle({ signals: [], drain: quick })
    const server = createServer()
    lifecycle.attach(server)
    expect(caught(() => lifecycle.attach(server)).code).toBe('CHANGEOVER_LIFECYCLE_SERVER_ATTACHED')
    for (const value of [createTcpServer(), {}, undefined, 8080]) {
      const attach = lifecycle.attach as (value: unknown) => void
      expect(caught(() => attach(value)).code).toBe('CHANGEOVER_LIFECYCLE_SERVER_INVALID')
    }
  })

  it('refuses the same WebSocket server twice, and one that does not track its clients', async () => {
    await using lifecycle = createLifecycle({ signals: [], drain: quick })
    const sockets = new WebSocketServer({ noServer: true })
    lifecycle.attach(sockets)
    const again = caught(() => lifecycle.attach(sockets))
    expect(again.code).toBe('CHANGEOVER_LIFECYCLE_SERVER_ATTACHED')
    const untracked = new WebSocketServer({ noServer: true, clientTracking: false })
    const error = caught(() => lifecycle.attach(untracked))
    expect(error.code).toBe('CHANGEOVER_LIFECYCLE_SERVER_INVALID')
    expect(error.message).toContain('clientTracking')
  })

  it('refuses hooks without a name of their own, and work that nothing can wait for', async () => {
    await using lifecycle = createLifecycle({ signals: [], drain: quick })
    lifecycle.onStop('database', () => {})
    lifecycle.onDrain('database', () => {})
    for (const name of ['database', '']) {
      const code = caught(() => lifecycle.onStop(name, () => {})).code
      expect(code).toBe('CHANGEOVER_LIFECYCLE_HOOK_INVALID')
    }
    const track = lifecycle.track as (value: unknown) => void
    for (const value of ['', 7, undefined, {}, null]) {
      expect(caught(() => track(value)).code).toBe('CHANGEOVER_LIFECYCLE_WORK_INVALID')
    }
  })
})

describe('LifecycleError', () => {
  it('is recognised across two copies of the package', () => {
    const foreign = Object.assign(new Error('x'), {
      [Symbol.for('changeover.lifecycle.error')]: true,
    })
    expect(foreign).toBeInstanceOf(LifecycleError)
    expect(new Error('x')).not.toBeInstanceOf(LifecycleError)
  })
})

describe('a duration', () => {
  it('is milliseconds or text, and never longer than a timer can hold', () => {
    expect(['1.5s', '2m', '250ms', '1h', 0].map(parseDuration)).toEqual([
      1_500, 120_000, 250, 3_600_000, 0,
    ])
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double()), (value) => {
        const parsed = parseDuration(value)
        expect(parsed === undefined || (parsed >= 0 && parsed <= 2_147_483_647)).toBe(true)
      }),
    )
  })
})

function caught(call: () => unknown): LifecycleError {
  try {
    call()
  } catch (error) {
    if (error instanceof LifecycleError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
