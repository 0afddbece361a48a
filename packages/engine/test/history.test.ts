import type { Release, RolloutOutcome, RolloutSummary } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { currentRelease, rollbackTarget } from '../src/history.ts'
import { refusalOf } from './refusal.ts'

type Line = readonly [from: string | undefined, to: string, outcome: RolloutOutcome | undefined]

describe('the current release', () => {
  test.each<[string, Line[], string | undefined]>([
    ['of a service that never was', [], undefined],
    [
      'is the one promoted last',
      [
        [undefined, 'a', 'promoted'],
        ['a', 'b', 'promoted'],
      ],
      'b',
    ],
    [
      'is the one gone back to',
      [
        [undefined, 'a', 'promoted'],
        ['a', 'b', 'rolled-back'],
      ],
      'a',
    ],
    ['is none where the first one was rolled back', [[undefined, 'a', 'rolled-back']], undefined],
    [
      'is not the one that is just coming',
      [
        [undefined, 'a', 'promoted'],
        ['a', 'b', undefined],
      ],
      'a',
    ],
    [
      'is not told by a rollout that failed on both ways',
      [
        [undefined, 'a', 'promoted'],
        ['a', 'b', 'failed-safe'],
      ],
      'a',
    ],
    [
      'is told by the rollout after such a one',
      [
        ['a', 'b', 'failed-safe'],
        ['a', 'c', 'promoted'],
      ],
      'c',
    ],
  ])('%s', (_, lines, current) => {
    expect(currentRelease(historyOf(lines))?.id).toBe(current)
  })
})

describe('the release to go back to', () => {
  const lines: Line[] = [
    [undefined, 'a', 'promoted'],
    ['a', 'b', 'promoted'],
    ['b', 'c', 'rolled-back'],
    ['b', 'd', 'promoted'],
    ['d', 'e', 'failed-safe'],
  ]

  test('is the last healthy one before the current one, at the size of the service now', () => {
    expect(rollbackTarget('shop', historyOf(lines), undefined)).toStrictEqual({
      release: releaseOf('b'),
      replicas: 4,
    })
  })

  test('is any recorded one that was asked for', () => {
    expect(rollbackTarget('shop', historyOf(lines), 'a').release.id).toBe('a')
  })

  test('is the one before, also after going back: back and forth', () => {
    const there: Line[] = [
      [undefined, 'a', 'promoted'],
      ['a', 'b', 'promoted'],
    ]
    const back: Line[] = [...there, ['b', 'a', 'promoted']]
    expect(rollbackTarget('shop', historyOf(there), undefined).release.id).toBe('a')
    expect(rollbackTarget('shop', historyOf(back), undefined).release.id).toBe('b')
  })

  test('is also the release that the service had when it was taken over', () => {
    expect(rollbackTarget('shop', historyOf([['z', 'a', 'promoted']]), undefined).release.id).toBe(
      'z',
    )
  })

  test.each([
    ['was never heard of', 'z'],
    ['was rolled back', 'c'],
    ['failed on both ways', 'e'],
    ['is the current one', 'd'],
  ])('is never one that %s', (_, to) => {
    expect(refusalOf(() => rollbackTarget('shop', historyOf(lines), to))).toMatchObject({
      code: 'CHANGEOVER_ROLLBACK_IMPOSSIBLE',
      details: { service: 'shop', release: to, releases: ['a', 'b'] },
    })
  })

  test.each<[string, Line[]]>([
    ['of a service that never was', []],
    ['after the first release', [[undefined, 'a', 'promoted']]],
    [
      'where the second one was rolled back',
      [
        [undefined, 'a', 'promoted'],
        ['a', 'b', 'rolled-back'],
      ],
    ],
  ])('does not exist %s', (_, lines) => {
    const refusal = refusalOf(() => rollbackTarget('shop', historyOf(lines), undefined))
    expect(refusal).toMatchObject({
      code: 'CHANGEOVER_ROLLBACK_IMPOSSIBLE',
      details: { releases: [] },
    })
    expect(refusal.message).toContain('cannot be rolled back to "(the one before)"')
  })
})

/** Rollouts one after the other, each with one replica more than the one before. */
function historyOf(lines: readonly Line[]): RolloutSummary[] {
  return lines.map(([from, to, outcome], n) => ({
    id: `r${n}`,
    service: 'shop',
    from: from === undefined ? undefined : releaseOf(from),
    to: releaseOf(to),
    replicas: n + 1,
    startedAt: n,
    finishedAt: outcome === undefined ? undefined : n + 1,
    outcome,
  }))
}

function releaseOf(id: string): Release {
  return { id, version: id, spec: {} }
}
