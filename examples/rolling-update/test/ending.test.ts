import type { RolloutEnd } from '@changeover/engine'
import { describe, expect, it } from 'vitest'
import { type Ending, findFaults, summarize } from '../src/ending.ts'
import { report } from './scenes.ts'

const ended = (outcome: RolloutEnd['outcome']): RolloutEnd => ({ rollout: 'shop-1', outcome })
const ends = { v1: ended('promoted'), v2: ended('promoted'), v3: ended('rolled-back') }
const audit = { executed: 11_462, twice: [], lost: [], unconfirmed: [] }
const good: Ending = {
  ends,
  pools: [{ release: 'v2', weight: 10_000, instances: [] }],
  report: report(),
  audit,
}

describe('The end of the demo', () => {
  it('has no fault where everything went as promised', () => {
    expect(findFaults(good)).toEqual([])
    expect(summarize(good)).toEqual([
      'executed 11,462 · twice 0 · lost 0',
      'sent 11,462 · dropped 0 · p99 31 ms',
    ])
  })

  it.each<[string, Partial<Ending>, string]>([
    ['v2 was not promoted', { ends: { ...ends, v2: ended('rolled-back') } }, 'v2: rolled-back'],
    ['v3 was promoted', { ends: { ...ends, v3: ended('promoted') } }, 'v3: promoted'],
    ['nothing is routed', { pools: [] }, 'in force at the end: nothing'],
    ['a request was dropped', { report: report({ dropped: 1 }) }, 'dropped requests'],
    ['requests were abandoned', { report: report({ abandoned: 3 }) }, 'abandoned requests: 3'],
    ['v1 answered nothing', { report: report({ byRelease: { v2: 9 } }) }, 'did not both answer'],
    [
      'v3 answered a request',
      { report: report({ byRelease: { v1: 9, v2: 9, v3: 1 } }) },
      'v3 answered',
    ],
    ['a request was executed twice', { audit: { ...audit, twice: ['run-7'] } }, 'twice: run-7'],
    ['a request was lost', { audit: { ...audit, lost: ['run-8'] } }, 'lost: run-8'],
  ])('is at fault where %s', (_, change, fault) => {
    expect(findFaults({ ...good, ...change })).toEqual([expect.stringContaining(fault)])
  })
})
