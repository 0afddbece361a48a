import type { RolloutSummaryView, ServiceView } from '@changeover/console/api'
import type { Entry } from '@changeover/engine'
import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/commands/nearest.ts'
import { percentOf, shareOf, shortSpan } from '../../src/view/amounts.ts'
import { entryLine } from '../../src/view/entry-line.ts'
import { renderHistory, renderServices } from '../../src/view/render-services.ts'
import { NOW, PAPER } from './pictures.ts'

const summary: RolloutSummaryView = {
  id: 'shop-1',
  service: 'shop',
  from: { id: '2.3.0', version: '2.3.0' },
  to: { id: '2.4.0', version: '2.4.0' },
  replicas: 3,
  startedAt: NOW - 600_000,
  finishedAt: NOW - 480_000,
  outcome: 'promoted',
}

const service: ServiceView = {
  name: 'shop',
  current: summary.to,
  rollout: undefined,
  last: summary,
  replicas: 3,
  pools: [{ release: '2.4.0', weight: 10_000, instances: 3 }],
  rollbackTo: [],
}

describe('The table of services', () => {
  it('says of each what serves, and how the last rollout went', () => {
    const going = {
      ...summary,
      to: { id: '2.5.0', version: '2.5.0' },
      finishedAt: undefined,
      outcome: undefined,
    }
    const services: ServiceView[] = [
      service,
      { ...service, name: 'till', rollout: going, pools: undefined },
      {
        ...service,
        name: 'desk',
        current: undefined,
        last: undefined,
        replicas: undefined,
        pools: [],
      },
      { ...service, name: 'shed', last: { ...summary, outcome: 'failed-safe' } },
    ]
    expect(renderServices(services, NOW, PAPER).join('\n')).toMatchInlineSnapshot(`
      "SERVICE  CURRENT  STATUS            REPLICAS  AGE  WEIGHTS
      shop     2.4.0    ✔ Promoted        3         8m   2.4.0 100%
      till     2.4.0    • to 2.5.0        3         10m  unknown
      desk     -        ○ Never deployed  -         -    -
      shed     2.4.0    ✖ Failed safe     3         8m   2.4.0 100%"
    `)
  })
})

describe('The history', () => {
  it('lists rollouts, and what became of their journals where they were checked', () => {
    const lines = renderHistory([summary], new Map([['shop-1', '✔ 23 entries']]), PAPER)
    expect(lines[0]).toBe('ROLLOUT  STARTED              TOOK  OUTCOME     RELEASES       JOURNAL')
    expect(lines[1]).toMatch(
      /^shop-1 {3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}2m {4}✔ Promoted {2}2\.3\.0 → 2\.4\.0 {2}✔ 23 entries$/,
    )
  })
})

describe('A line of the journal', () => {
  const line = (body: object): string | undefined =>
    entryLine({ v: 2, rollout: 'r', seq: 1, at: NOW, ...body } as unknown as Entry, PAPER)?.slice(
      10,
    )

  it.each([
    [
      { type: 'commanded', command: 'abort', by: 'ann', reason: 'no\u001B[2J' },
      '• abort by ann: no?[2J',
    ],
    [{ type: 'held', gate: 'errors', reason: 'no data' }, '⚠ gate "errors" holds: no data'],
    [{ type: 'lost', id: 'shop.1', reason: 'exit 1' }, '✖ shop.1 is lost: exit 1'],
    [{ type: 'routes-intended', pools: [{ release: 'a', weight: 2_550 }] }, '• routes: a 25.5%'],
    [{ type: 'routes-intended', pools: [] }, '• routes: none'],
    [
      {
        type: 'judged',
        gate: 'go',
        verdict: { verdict: 'inconclusive', evidence: 1, reason: 'late' },
      },
      '⚠ gate "go": inconclusive (1 observation): late',
    ],
    [{ type: 'launched' }, undefined],
  ])('%j is told as %j', (body, told) => {
    expect(line(body)).toBe(told)
  })
})

describe('Amounts', () => {
  it('are short', () => {
    expect([-5, 0, 59_400, 60_000, 250_000, 7_500_000, 100 * 3_600_000].map(shortSpan)).toEqual([
      '0s',
      '0s',
      '59s',
      '1m',
      '4m10s',
      '2h5m',
      '4d4h',
    ])
    expect([
      percentOf(1),
      percentOf(10_000),
      shareOf(0, 9),
      shareOf(1, 300),
      shareOf(1, 0),
    ]).toEqual(['0.01%', '100%', '0%', '0.33%', '-'])
  })
})

describe('The nearest words', () => {
  it('are those with the fewest letters to change', () => {
    expect(nearest('NOT_REDY', ['STALE', 'NOT_READY', 'NOT_DRAINED'], 2)).toEqual([
      'NOT_READY',
      'NOT_DRAINED',
    ])
  })
})
