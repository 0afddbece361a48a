import {
  boundRate,
  compareRates,
  compareSamples,
  type Criterion,
  defineStrategy,
  type Metrics,
  type MetricsQuery,
  type Samples,
  type Step,
  type Strategy,
  type Verdict,
} from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { request, setStage } from './stage.ts'

const EVERY_MS = 10_000
const DEADLINE_MS = 600_000

/** Launches, judges, flips. */
function judging(
  indicators: Record<string, Criterion>,
  options: { onInconclusive?: 'hold' } = {},
): Strategy {
  const gate: Step = {
    step: 'judge',
    gate: 'judge',
    indicators: JSON.parse(JSON.stringify(indicators)),
    candidate: 'v2',
    baseline: 'v1',
    everyMs: EVERY_MS,
    deadlineMs: DEADLINE_MS,
    ...options,
  }
  const times = { minReadyMs: 0, readyWithinMs: 60_000 }
  const leave = (release: string): Step[] => [
    { step: 'drain', release, deadlineMs: 30_000, onDeadline: 'force' },
    { step: 'stop', release, deadlineMs: 30_000 },
  ]
  return defineStrategy({
    name: 'judging',
    plan: ({ from, to, replicas }) => ({
      steps: [
        { step: 'launch', release: to.id, instances: replicas, ...times },
        ...(from ? [gate] : []),
        { step: 'shift', weights: { [to.id]: 10_000 } },
        ...(from ? leave(from.id) : []),
      ],
      rollback: [{ step: 'shift', weights: from ? { [from.id]: 10_000 } : {} }, ...leave(to.id)],
      capacity: { maxTotal: replicas * 2, minAvailable: replicas },
    }),
  })
}

type Answer = (query: MetricsQuery, look: number, signal: AbortSignal) => Samples | Promise<Samples>

interface Judged extends Verdict {
  readonly outcome: string
  readonly asked: readonly MetricsQuery[]
  readonly tookMs: number
  readonly aborted: number
}

/** Runs a whole rollout over a metrics port that answers like that. */
async function judged(indicators: Record<string, Criterion>, answer: Answer): Promise<Judged> {
  const asked: MetricsQuery[] = []
  let aborted = 0
  const metrics: Metrics = {
    name: 'test',
    sample: async (query, { signal = new AbortController().signal } = {}) => {
      signal.addEventListener('abort', () => (aborted += 1), { once: true })
      asked.push(query)
      const { release, indicator } = query
      const look = asked.filter((one) => one.release === release && one.indicator === indicator)
      return answer(query, look.length, signal)
    },
  }
  const stage = setStage({ metrics })
  await stage.deploy('v1')
  const strategy = judging(indicators)
  const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
  const began = stage.clock.now()
  const { outcome } = await stage.clock.run(rollout.finished)
  const entries = await stage.entries(rollout.id)
  const found = entries.find((entry) => entry.type === 'judged')
  if (found?.type !== 'judged') throw new Error('nothing was judged')
  expect(stage.clock.sleepers).toBe(0)
  return { ...found.verdict, outcome, asked, tookMs: stage.clock.now() - began, aborted }
}

/** Counts that grow with each look. */
const growing = (bad: Record<string, number>, total = 1_000): Answer => {
  return ({ release }, look) => ({
    data: true,
    bad: (bad[release] ?? 0) * look,
    total: total * look,
  })
}
const never = (): Promise<Samples> => new Promise(() => undefined)

describe('a judge', () => {
  test('passes as soon as all of its indicators have', async () => {
    const indicators = { errors: compareRates(), slow: compareRates({ over: '300ms' }) }
    const { outcome, verdict, reason, tookMs } = await judged(
      indicators,
      growing({ v1: 20, v2: 20 }),
    )
    expect({ outcome, verdict }).toStrictEqual({ outcome: 'promoted', verdict: 'pass' })
    expect(reason).toMatch(/errors: .*; slow: /)
    expect(tookMs).toBeLessThan(DEADLINE_MS)
  })

  test('fails with its first indicator', async () => {
    const indicators = { errors: compareRates(), slow: compareRates({ over: '300ms' }) }
    const answer: Answer = (query, look, signal) =>
      growing({ v1: 20, v2: query.overMs === 300 ? 90 : 20 })(query, look, signal)
    expect(await judged(indicators, answer)).toMatchObject({
      outcome: 'rolled-back',
      verdict: 'fail',
    })
  })

  test('asks about one moment, for the bound and the kind that the plan names', async () => {
    const indicators = {
      slow: boundRate({ limit: 0.1, over: '300ms' }),
      memory: compareSamples(),
    }
    const { asked } = await judged(indicators, ({ as }, look) =>
      as === 'values'
        ? { data: true, values: [1, 2, 3, 4, 5, 6, 7] }
        : { data: true, bad: 0, total: look * 100 },
    )
    expect(new Set(asked.map(({ since }) => since)).size).toBe(1)
    const slow = asked.filter(({ indicator }) => indicator === 'slow')
    expect(slow.every(({ overMs, release }) => overMs === 300 && release === 'v2')).toBe(true)
    const memory = asked.filter(({ indicator }) => indicator === 'memory')
    expect(memory.map(({ release, as }) => `${release} ${as}`)).toStrictEqual([
      'v2 values',
      'v1 values',
    ])
  })

  test('passes a bound and a gauge at the deadline', async () => {
    const indicators = { errors: boundRate({ limit: 0.01 }), memory: compareSamples() }
    const answer: Answer = ({ as }, look) =>
      as === 'values'
        ? { data: true, values: [50, 51, 52, 53, 54, 55, 56] }
        : { data: true, bad: 0, total: look * 100 }
    const { outcome, tookMs } = await judged(indicators, answer)
    expect(outcome).toBe('promoted')
    expect(tookMs).toBeGreaterThanOrEqual(DEADLINE_MS)
  })

  test('fails a bound long before the deadline', async () => {
    const found = await judged({ errors: boundRate({ limit: 0.01 }) }, growing({ v2: 100 }))
    expect(found).toMatchObject({ outcome: 'rolled-back', verdict: 'fail' })
    expect(found.tookMs).toBeLessThan(DEADLINE_MS / 10)
  })
})

describe('a judge that gets no data comes to no verdict, and says why', () => {
  test.each<[string, Answer, string]>([
    ['the port rejects', () => Promise.reject(new Error('socket hang up')), 'socket hang up'],
    [
      'the port throws',
      () => {
        throw new Error('not a function')
      },
      'not a function',
    ],
    ['the port never answers', never, 'no answer within 10000 ms'],
    ['there is none', () => ({ data: false, reason: 'no series' }), 'no series'],
    ['it is no number', () => ({ data: true, bad: 0, total: Number.NaN }), '0 of NaN'],
    ['it has no end', () => ({ data: true, bad: 0, total: Number.POSITIVE_INFINITY }), 'Infinity'],
    [
      'the baseline has none',
      (query, look, signal) =>
        query.release === 'v1'
          ? { data: false, reason: 'v1 is silent' }
          : growing({ v2: 20 })(query, look, signal),
      'v1 is silent',
    ],
    [
      'one of two indicators has none',
      (query, look, signal) =>
        query.indicator === 'slow'
          ? { data: false, reason: 'no histogram' }
          : growing({ v1: 20, v2: 20 })(query, look, signal),
      'no histogram',
    ],
  ])('%s', async (_, answer, why) => {
    const indicators = { errors: compareRates(), slow: compareRates({ over: '300ms' }) }
    const { outcome, verdict, reason } = await judged(indicators, answer)
    expect({ outcome, verdict }).toStrictEqual({ outcome: 'rolled-back', verdict: 'inconclusive' })
    expect(reason).toContain(why)
  })

  test('and it tells the calls that hang to stop', async () => {
    const { aborted, asked } = await judged({ errors: compareRates() }, never)
    expect(aborted).toBe(asked.length)
  })
})

test('one answer that is late or lost does not end a judgement', async () => {
  const { outcome } = await judged({ errors: compareRates() }, (query, look, signal) => {
    if (look === 2) return never()
    if (look === 3) throw new Error('lost')
    return growing({ v1: 20, v2: 20 })(query, look, signal)
  })
  expect(outcome).toBe('promoted')
})

test('a judge that holds is tried anew when people resume, and asks since then', async () => {
  let silent = true
  const sinces: number[] = []
  const metrics: Metrics = {
    name: 'test',
    sample: async ({ since }) => {
      sinces.push(since)
      const total = stage.clock.now() - since
      return silent
        ? { data: false, reason: 'down' }
        : { data: true, bad: Math.round(total / 50), total }
    },
  }
  const stage = setStage({ metrics })
  await stage.deploy('v1')
  const strategy = judging({ errors: compareRates() }, { onInconclusive: 'hold' })
  const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
  await stage.clock.advance(DEADLINE_MS * 3)
  expect((await stage.entries(rollout.id)).at(-1)).toMatchObject({
    type: 'held',
    reason: expect.stringContaining('down'),
  })
  silent = false
  await stage.clock.run(rollout.resume({ by: 'ada' }))
  expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  expect(new Set(sinces).size).toBe(2)
})

test('a promotion does not wait for a metrics port that hangs', async () => {
  const stage = setStage({ metrics: { name: 'test', sample: never } })
  await stage.deploy('v1')
  const strategy = judging({ errors: compareRates() })
  const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
  await stage.clock.advance(5_000)
  const asked = stage.clock.now()
  await stage.clock.run(rollout.promote({ by: 'ada' }))
  const judgement = async (): Promise<number | undefined> =>
    (await stage.entries(rollout.id)).find(({ type }) => type === 'judged')?.at
  expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  expect(await judgement()).toBe(asked)
})
