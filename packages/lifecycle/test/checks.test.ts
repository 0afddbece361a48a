import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { stepCheck, unknownCheck } from '../src/check-state.ts'
import type { CheckResult, CheckState } from '../src/check-state.ts'
import { createLifecycle, LifecycleError } from '../src/index.ts'
import type { CheckOptions, Lifecycle, LifecycleOptions } from '../src/index.ts'
import { defer, quick, sleep } from './harness.ts'

const result = (ok: boolean): CheckResult => ({ ok, at: 0, durationMs: 1 })
const follow = (results: readonly boolean[], rules: Rules): CheckState =>
  results.reduce((state, ok) => stepCheck(state, result(ok), rules), unknownCheck)

interface Rules {
  readonly failAfter: number
  readonly passAfter: number
}

const rulesArb = fc.record({
  failAfter: fc.integer({ min: 1, max: 5 }),
  passAfter: fc.integer({ min: 1, max: 5 }),
})

describe('the state of a check', () => {
  it('is the verdict of the last run of equal results that was long enough', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), rulesArb, (results, rules) => {
        expect(follow(results, rules).status).toBe(lastLongRun(results, rules))
      }),
    )
  })

  it('never turns by fewer contrary results than its threshold', () => {
    fc.assert(
      fc.property(rulesArb, fc.boolean(), (rules, from) => {
        const settled = Array.from({ length: 5 }, () => from)
        const needed = from ? rules.failAfter : rules.passAfter
        const contrary = (count: number): boolean[] => Array.from({ length: count }, () => !from)
        const before = follow([...settled, ...contrary(needed - 1)], rules)
        const after = follow([...settled, ...contrary(needed)], rules)
        expect([before.status, after.status]).toEqual(from ? ['pass', 'fail'] : ['fail', 'pass'])
      }),
    )
  })
})

/** The same said another way: look back from the end for a long enough run. */
function lastLongRun(results: readonly boolean[], rules: Rules): string {
  for (let end = results.length; end > 0; end -= 1) {
    const ok = results[end - 1] ?? false
    const needed = ok ? rules.passAfter : rules.failAfter
    const run = results.slice(Math.max(0, end - needed), end)
    if (run.length === needed && run.every((one) => one === ok)) return ok ? 'pass' : 'fail'
  }
  return 'pending'
}

function launch(checks: Record<string, CheckOptions>, options: LifecycleOptions = {}): Lifecycle {
  const lifecycle = createLifecycle({
    signals: [],
    drain: quick,
    details: 'always',
    checks,
    ...options,
  })
  lifecycle.ready()
  return lifecycle
}

async function ask(lifecycle: Lifecycle, path = '/readyz'): Promise<Response> {
  const answer = await lifecycle.fetch(new Request(`http://localhost${path}`))
  if (answer === undefined) throw new Error(`${path} was not answered`)
  return answer
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('it never came to hold')
    await sleep(5)
  }
}

describe('a check', () => {
  it('runs at once, and holds readiness up until it has passed', async () => {
    const database = defer()
    await using lifecycle = launch({ database: { run: () => database.promise } })
    expect((await ask(lifecycle)).status).toBe(503)
    expect((await ask(lifecycle, '/livez')).status).toBe(200)
    database.resolve()
    await until(async () => (await ask(lifecycle)).status === 200)
  })

  it('costs the one who asks nothing: a thousand questions, one run', async () => {
    let runs = 0
    await using lifecycle = launch({ a: { run: () => (runs += 1), every: '1h' } })
    await Promise.all(Array.from({ length: 1_000 }, () => ask(lifecycle)))
    expect(runs).toBe(1)
  })

  it('does not turn by one failure, turns by two, and turns back by one pass', async () => {
    const outcomes = [true, false, true, false, false, true]
    const seen: number[] = []
    let runs = 0
    await using lifecycle = launch({
      a: {
        every: 5,
        run: async () => {
          seen.push((await ask(lifecycle)).status)
          const ok = outcomes[runs] ?? true
          runs += 1
          if (!ok) throw new Error('no')
        },
      },
    })
    await until(() => seen.length > outcomes.length)
    // What each run sees is the verdict on those before it.
    expect(seen.slice(0, 7)).toEqual([503, 200, 200, 200, 200, 503, 200])
  })

  it('that hangs fails by its timeout, is told so, and is not started twice', async () => {
    let runs = 0
    let aborted = 0
    const hang = defer()
    await using lifecycle = launch({
      slow: {
        timeout: 20,
        every: 10,
        failAfter: 3,
        run: (signal) => {
          runs += 1
          signal.addEventListener('abort', () => (aborted += 1))
          return runs === 1 ? hang.promise : undefined
        },
      },
    })
    await until(async () =>
      (await (await ask(lifecycle, '/readyz?verbose')).text()).includes('has not ended'),
    )
    expect([runs, aborted]).toEqual([1, 1])
    hang.resolve()
    await until(async () => (await ask(lifecycle)).status === 200)
    expect(runs).toBeGreaterThan(1)
  })

  it('that is not critical only degrades: a warning, and still 200', async () => {
    const run = (): never => {
      throw new Error('no cache')
    }
    await using lifecycle = launch({ cache: { run, critical: false, failAfter: 1 } })
    await until(async () => (await (await ask(lifecycle)).text()).includes('no cache'))
    const answer = await ask(lifecycle)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      status: 'warn',
      checks: { cache: [{ status: 'warn', output: 'no cache' }] },
    })
  })

  it('counts only for the probes that it affects', async () => {
    const run = (): Promise<never> => Promise.reject(new Error('dead'))
    await using lifecycle = launch({
      loop: { run, affects: ['liveness', 'startup'], failAfter: 1 },
    })
    await until(async () => (await ask(lifecycle, '/livez')).status === 503)
    expect((await ask(lifecycle, '/startupz')).status).toBe(503)
    expect((await ask(lifecycle, '/readyz')).status).toBe(200)
  })

  it('never makes a draining process look dead', async () => {
    const run = (): Promise<never> => Promise.reject(new Error('dead'))
    const lifecycle = launch({ loop: { run, affects: ['liveness'], failAfter: 1 } })
    await until(async () => (await ask(lifecycle, '/livez')).status === 503)
    const stopped = lifecycle.shutdown()
    expect((await ask(lifecycle, '/livez')).status).toBe(200)
    await stopped
  })

  it('stops with the drain: its run is told, and no other follows', async () => {
    let runs = 0
    let reason: unknown
    const lifecycle = launch({
      a: {
        every: 1,
        run: (signal) => {
          runs += 1
          signal.addEventListener('abort', () => (reason = signal.reason))
          return new Promise(() => {})
        },
      },
    })
    await until(() => runs === 1)
    await lifecycle.close()
    expect(reason).toMatchObject({ message: 'the process is stopping' })
    await sleep(30)
    expect(runs).toBe(1)
  })

  it('never starts in a lifecycle that is closed at once', async () => {
    let runs = 0
    const lifecycle = launch({ a: { run: () => (runs += 1) } })
    await lifecycle.close()
    expect(runs).toBe(0)
  })

  it('is logged when it turns, and only then', async () => {
    const lines: [string, object][] = []
    const log = (fields: unknown, message?: string): void => {
      if (message?.startsWith('check')) lines.push([message, fields as object])
    }
    const logger = { debug: log, info: log, warn: log, error: log }
    let runs = 0
    const run = (): void => {
      runs += 1
      if (runs > 3 && runs < 8) throw new Error('gone')
    }
    await using lifecycle = launch({ a: { run, every: 2 } }, { logger })
    await until(() => runs > 12)
    expect(lifecycle.state).toBe('ready')
    expect(lines.map(([message]) => message)).toEqual([
      'check passes',
      'check fails',
      'check passes',
    ])
    expect(lines[1]?.[1]).toMatchObject({ check: 'a', problem: 'gone' })
  })
})

const mistakes: [string, unknown, string[]][] = [
  ['no function', { a: {} }, ['checks.a.run', 'give a function']],
  ['an unknown field', { a: { run: () => {}, intervall: 5 } }, ['checks.a.intervall', 'unknown']],
  ['an empty name', { '': { run: () => {} } }, ['checks', 'name every check']],
  ['no time between runs', { a: { run: () => {}, every: 0 } }, ['checks.a.every', '1 ms or more']],
  ['no time to run', { a: { run: () => {}, timeout: '0s' } }, ['checks.a.timeout', '"0s"']],
  ['half a failure', { a: { run: () => {}, failAfter: 0.5 } }, ['checks.a.failAfter', '0.5']],
  [
    'an unknown probe',
    { a: { run: () => {}, affects: ['life'] } },
    ['checks.a.affects.0', '"life"'],
  ],
  ['no probe', { a: { run: () => {}, affects: [] } }, ['checks.a.affects', 'at least one']],
]

describe('createLifecycle', () => {
  it.each(mistakes)('refuses a check with %s, naming the field', (_, checks, words) => {
    const options = { signals: [], checks } as LifecycleOptions
    const refused = (() => {
      try {
        return createLifecycle(options)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toBeInstanceOf(LifecycleError)
    const { code, message } = refused as LifecycleError
    expect(code).toBe('CHANGEOVER_LIFECYCLE_OPTION_INVALID')
    for (const word of words) expect(message).toContain(word)
  })
})
