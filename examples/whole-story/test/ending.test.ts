import { describe, expect, it } from 'vitest'
import { type Ending, findFaults, summarize } from '../src/ending.ts'

const counts = { answered: 4, ok: 4 }
const report = {
  sent: 20,
  answered: 20,
  dropped: 0,
  abandoned: 0,
  failures: [],
  byClass: {},
  byRelease: {
    '1.0.0': counts,
    '2.0.0': counts,
    '4.0.0': counts,
    '5.0.0': counts,
    '6.0.0': counts,
  },
  latency: { p50: 3, p99: 31, max: 40 },
} as unknown as Ending['report']
const good: Ending = {
  acts: [{ name: 'first', exitCode: 0, expected: 0 }],
  current: '6.0.0',
  pools: [{ release: '6.0.0', weight: 10_000, instances: 4 }],
  report,
  audit: { executed: 20, twice: [], lost: [], unconfirmed: [] },
}

describe('The ending of the story', () => {
  it('is good where everything went as promised', () => {
    expect(findFaults(good)).toEqual([])
    expect(summarize(good)).toEqual([
      'executed 20 · twice 0 · lost 0',
      'sent 20 · dropped 0 · p99 31 ms',
    ])
  })

  it.each<[string, Partial<Ending>]>([
    ['first: exit code 4, not 0', { acts: [{ name: 'first', exitCode: 4, expected: 0 }] }],
    ['the current release is 5.0.0, not 6.0.0', { current: '5.0.0' }],
    ['in force at the end: nothing, not 6.0.0 alone', { pools: [] }],
    ['dropped requests; the first: undefined', { report: { ...report, dropped: 1 } }],
    ['abandoned requests: 2', { report: { ...report, abandoned: 2 } }],
    [
      'answered no request: 1.0.0, 2.0.0, 4.0.0, 5.0.0, 6.0.0',
      { report: { ...report, byRelease: {} } },
    ],
    ['executed twice: a', { audit: { ...good.audit, twice: ['a'] } }],
    ['lost: b', { audit: { ...good.audit, lost: ['b'] } }],
  ])('names what did not: %s', (fault, change) => {
    expect(findFaults({ ...good, ...change })).toEqual([fault])
  })
})
