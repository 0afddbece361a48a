import { describe, expect, test } from 'vitest'
import { type Cutover, cutoverReport, failuresOf, type SentRequest } from '../src/cutover-report.ts'
import { beyondBudget, dropBudget } from '../src/drop-budget.ts'
import { noFailures } from '../src/wire-exchange.ts'

// a serves until 100; b is applied by 110 and followed by 150; a comes back at 200, and nobody asks whether it is followed.
const CUTOVERS: readonly Cutover[] = [
  { release: 'a', begunAt: 0, appliedAt: 1, convergedAt: 2 },
  { release: 'b', begunAt: 100, appliedAt: 110, convergedAt: 150 },
  { release: 'a', begunAt: 200, appliedAt: 204, convergedAt: undefined },
]

describe('an answer is', () => {
  test.each([
    ['in time: from the release in force', [10, 20, 'a'], [0, 0]],
    ['in time: from the old one while the new one is applied', [105, 120, 'a'], [0, 0]],
    ['in time: from the new one while it is applied', [90, 101, 'b'], [0, 0]],
    ['early: from the new one before it is applied', [10, 20, 'b'], [1, 1]],
    ['old: from the old one before the new one has converged', [120, 160, 'a'], [1, 0]],
    ['late: from the old one after that', [150, 160, 'a'], [1, 1]],
    ['in time: from one that was coming back before it came', [160, 201, 'a'], [0, 0]],
    ['old: from one that left, where nobody asked whether it had', [210, 220, 'b'], [1, 0]],
    ['late: from one that nobody ever named', [160, 170, 'c'], [1, 1]],
  ] as const)('%s', (_, [startedAt, endedAt, release], [oldAfterApply, late]) => {
    const report = cutoverReport([request({ startedAt, endedAt, release })], CUTOVERS)
    expect(report).toMatchObject({ sent: 1, failed: 0, oldAfterApply, late })
    expect(report.examples).toHaveLength(late)
  })
})

test('a whole answer that no release gave has failed, as the router has answered itself', () => {
  const report = cutoverReport([request({ release: undefined })], CUTOVERS)
  expect(report).toMatchObject({ failed: 1, late: 0 })
  expect(failuresOf(report)).toStrictEqual({ ...noFailures(), status: 1 })
})

test('failures are counted by their kind and by the class of their client', () => {
  const outcomes = ['truncated', 'truncated', 'reset-on-reused', 'ok'] as const
  const requests = outcomes.map((outcome) => request({ outcome }))
  const report = cutoverReport(
    [...requests, request({ outcome: 'truncated', of: 'fresh' })],
    CUTOVERS,
  )
  expect(report.outcomes['keep-alive']).toMatchObject({ ok: 1, truncated: 2, 'reset-on-reused': 1 })
  expect(report.outcomes.fresh).toMatchObject({ ok: 0, truncated: 1 })
  expect(failuresOf(report)).toMatchObject({ truncated: 3, 'reset-on-reused': 1, timeout: 0 })
  expect(report).toMatchObject({ sent: 5, failed: 4 })
  expect(report.examples).toHaveLength(4)
})

test('times are those of the changes, without the first, which was over before', () => {
  const requests = [120, 135].map((startedAt) => request({ startedAt, endedAt: 150, release: 'a' }))
  expect(cutoverReport(requests, CUTOVERS)).toMatchObject({
    cutovers: 2,
    applyMs: { p50: 10, max: 10 },
    convergeMs: { max: 40 },
    followedMs: { max: 25 },
  })
})

describe('a budget', () => {
  const load = { keepAlive: 32, fresh: 8, cutovers: 50 }

  test('is nothing for a router that says it cuts nothing, or cuts only what was upgraded', () => {
    for (const drops of [undefined, [], ['upgraded' as const]])
      expect(dropBudget(drops ? { drops } : {}, load)).toStrictEqual(noFailures())
  })

  test('has one reset for each connection and change where idle ones are cut, and nothing else', () => {
    const budget = dropBudget({ drops: ['idle'] }, load)
    expect(budget).toStrictEqual({ ...noFailures(), 'reset-on-reused': 1_600 })
  })

  test('has one lost connection for each client and change where new ones are cut', () => {
    const budget = dropBudget({ drops: ['idle', 'new'] }, load)
    expect(budget).toMatchObject({
      'reset-on-reused': 1_600,
      'reset-on-fresh': 2_000,
      refused: 2_000,
    })
    expect(budget).toMatchObject({ status: 0, truncated: 0, malformed: 0, timeout: 0 })
  })

  test('tells what goes beyond it', () => {
    const counts = { ...noFailures(), 'reset-on-reused': 33, status: 1 }
    const budget = dropBudget({ drops: ['idle'] }, { ...load, cutovers: 1 })
    expect(beyondBudget(counts, budget)).toStrictEqual([
      '1 × status, where 0 may be',
      '33 × reset-on-reused, where 32 may be',
    ])
    expect(beyondBudget({ ...counts, status: 0, 'reset-on-reused': 32 }, budget)).toStrictEqual([])
  })
})

function request(given: Partial<SentRequest>): SentRequest {
  const usual = { of: 'keep-alive', outcome: 'ok', release: 'a', connection: 1, turn: 1 } as const
  return { ...usual, startedAt: 10, endedAt: 20, problem: '', ...given }
}
