import { createServer } from 'node:http'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createLifecycle } from '../src/index.ts'
import type { HookReport, Logger } from '../src/index.ts'
import { patienceFor, phaseOf } from '../src/connection.ts'
import { worseOf } from '../src/process-exit.ts'
import { judgeShutdown } from '../src/shutdown-report.ts'
import { defer, listen, quick, sleep, start } from './harness.ts'
import { openRaw, request } from './raw-client.ts'

describe.concurrent('shutdown', () => {
  it('is one shutdown, however often and from wherever it is asked for', async () => {
    const lifecycle = createLifecycle({ signals: [], drain: quick })
    const seen: Promise<unknown>[] = []
    lifecycle.onDrain('impatient', () => {
      seen.push(lifecycle.shutdown('hook'))
    })
    const first = lifecycle.shutdown('first')
    expect(lifecycle.shutdown('second')).toBe(first)
    expect(lifecycle.close()).toBe(first)
    await lifecycle[Symbol.asyncDispose]()
    expect(seen).toEqual([first])
    expect(await first).toMatchObject({ reason: 'first', outcome: 'clean', exitCode: 0 })
  })

  it('goes through the states in order', async () => {
    const { lifecycle } = await start((_, response) => response.end())
    expect(lifecycle.state).toBe('ready')
    const stopped = lifecycle.shutdown()
    expect(lifecycle.state).toBe('draining')
    await stopped
    expect(lifecycle.state).toBe('stopped')
  })

  it('waits for tracked work, and for work that a request left behind', async () => {
    const work = defer<string>()
    const { lifecycle, port } = await start((_, response) => {
      const done = lifecycle.track('mail')
      setTimeout(done, 600)
      response.end('ok')
    })
    expect(lifecycle.track(work.promise)).toBe(work.promise)
    const client = await openRaw(port)
    client.send(request())
    await client.sees('ok')
    setTimeout(() => work.resolve('done'), 300)
    const report = await lifecycle.shutdown()
    expect(report).toMatchObject({ outcome: 'clean', work: { completed: 2, abandoned: [] } })
  })

  it('says at the deadline which work it left behind', async () => {
    const lifecycle = createLifecycle({
      signals: [],
      drain: { notice: 0, quiet: 0, deadline: 100 },
    })
    lifecycle.track('import')
    void lifecycle.track(new Promise(() => {}))
    const report = await lifecycle.shutdown()
    expect(report).toMatchObject({ outcome: 'forced', exitCode: 70 })
    expect(report.work.abandoned).toEqual(['import', 'promise'])
  })

  it('logs tracked work that failed instead of hiding it', async () => {
    const errors: unknown[] = []
    const silent = (): void => {}
    const logger: Logger = {
      debug: silent,
      info: silent,
      warn: silent,
      error: (fields: unknown) => errors.push(fields),
    }
    const lifecycle = createLifecycle({ signals: [], drain: quick, logger })
    const failure = new Error('no')
    void lifecycle.track(Promise.reject(failure))
    await lifecycle.close()
    expect(errors).toEqual([{ err: failure }])
  })

  it('runs drain hooks together at its start and stop hooks in reverse at its end', async () => {
    const order: string[] = []
    const { lifecycle, port } = await start((_, response) => {
      setTimeout(() => {
        order.push('request')
        response.end()
      }, 300)
    })
    for (const name of ['database', 'cache']) {
      lifecycle.onStop(name, async ({ reason }) => {
        await sleep(20)
        order.push(`${name} ${reason}`)
      })
    }
    for (const name of ['jobs', 'cluster']) lifecycle.onDrain(name, () => order.push(name))
    const client = await openRaw(port)
    client.send(request())
    await sleep(50)
    const report = await lifecycle.shutdown('test')
    expect(order).toEqual(['jobs', 'cluster', 'request', 'cache test', 'database test'])
    expect(report.hooks.map(({ name, phase }) => `${phase} ${name}`)).toEqual([
      'drain jobs',
      'drain cluster',
      'stop cache',
      'stop database',
    ])
  })

  it('runs the other hooks when one fails or hangs', async () => {
    const lifecycle = createLifecycle({
      signals: [],
      drain: { notice: 0, quiet: 0, deadline: 300 },
    })
    const failure = new Error('no')
    let aborted = false
    lifecycle.onStop('last', () => 'fine')
    lifecycle.onStop('failing', () => Promise.reject(failure))
    lifecycle.onDrain('throwing', () => {
      throw failure
    })
    lifecycle.onDrain('hanging', ({ signal }) => {
      signal.addEventListener('abort', () => (aborted = true))
      return new Promise(() => {})
    })
    const report = await lifecycle.shutdown()
    expect(report).toMatchObject({ outcome: 'hook-failed', exitCode: 71 })
    expect(report.hooks).toMatchObject([
      { name: 'throwing', outcome: 'failed', error: failure },
      { name: 'hanging', outcome: 'timed-out' },
      { name: 'failing', outcome: 'failed', error: failure },
      { name: 'last', outcome: 'done' },
    ])
    expect(aborted).toBe(true)
  })
})

describe('after a shutdown', () => {
  it('no timer, socket or listener of it is left', async () => {
    const settle = async (): Promise<string[]> => {
      await sleep(300)
      return process.getActiveResourcesInfo().sort()
    }
    const before = await settle()
    const signals = process.listenerCount('SIGTERM')
    const lifecycle = createLifecycle({ drain: quick })
    const server = createServer((_, response) => response.end('ok'))
    const events = (): string[] =>
      [...server.eventNames(), 'close'].map((name) => {
        return `${String(name)} ${server.listenerCount(name)}`
      })
    const untouched = events()
    lifecycle.attach(server)
    const port = await listen(server)
    expect(process.listenerCount('SIGTERM')).toBe(signals + 1)
    const clients = await Promise.all([openRaw(port), openRaw(port)])
    clients[0]?.send(request())
    await lifecycle.shutdown()
    await Promise.all(clients.map((client) => client.closed))
    expect(await settle()).toEqual(before)
    expect(process.listenerCount('SIGTERM')).toBe(signals)
    expect(server.listening).toBe(false)
    expect(events()).toEqual(untouched)
  })
})

describe('the verdict', () => {
  it('is clean exactly when nothing was cut that had not had its time, nothing left behind and nothing failed', () => {
    const outcome = fc.constantFrom<HookReport['outcome']>('done', 'failed', 'timed-out')
    const facts = fc.record({
      forced: fc.nat(2),
      unresponsive: fc.nat(2),
      uncaught: fc.nat(1),
      work: fc.record({ completed: fc.nat(), abandoned: fc.array(fc.string(), { maxLength: 2 }) }),
      hooks: fc.array(
        outcome.map((outcome) => ({ name: 'a', phase: 'stop' as const, outcome, durationMs: 1 })),
        { maxLength: 3 },
      ),
    })
    fc.assert(
      fc.property(facts, (facts) => {
        const cut = facts.forced > facts.unresponsive || facts.work.abandoned.length > 0
        const failed = facts.hooks.some(({ outcome }) => outcome !== 'done')
        const { outcome, exitCode } = judgeShutdown(facts)
        expect(outcome).toBe(
          cut ? 'forced' : facts.uncaught > 0 ? 'crashed' : failed ? 'hook-failed' : 'clean',
        )
        expect(exitCode).toBe(cut ? 70 : facts.uncaught > 0 ? 72 : failed ? 71 : 0)
      }),
    )
  })

  it('of several lifecycles is the worst one', () => {
    const pairs = [worseOf(0, 71), worseOf(71, 72), worseOf(72, 70), worseOf(70, 0), worseOf(0, 0)]
    expect(pairs).toEqual([71, 72, 70, 70, 0])
  })
})

describe('the phase of a connection', () => {
  const facts = fc.record({
    owes: fc.boolean(),
    upgraded: fc.boolean(),
    bytesRead: fc.nat(3),
    receiving: fc.option(fc.boolean(), { nil: undefined }),
    seesResponses: fc.boolean(),
  })

  it('never lets a connection be closed early that owes an answer or may hold half a head', () => {
    fc.assert(
      fc.property(facts, (facts) => {
        const patience = patienceFor({ untold: false }, phaseOf(facts)) ?? 'event'
        const busy = facts.owes || facts.upgraded
        const mayHoldHalfAHead = facts.bytesRead > 0 && facts.receiving !== false
        const allowed = busy
          ? ['event']
          : mayHoldHalfAHead
            ? ['event', 'head']
            : ['event', 'head', 'quiet']
        expect(allowed).toContain(patience)
      }),
    )
  })
})
