import { describe, expect, it } from 'vitest'
import { actionsOf, type ActionName } from '../../page/state/actions.ts'
import { commandOf } from '../../page/state/command.ts'
import { countsText, evidenceBars } from '../../page/state/evidence.ts'
import { readInitial } from '../../page/state/initial.ts'
import { filterJournal, journalLine } from '../../page/state/journal-line.ts'
import { pathOf, screenAt } from '../../page/state/location.ts'
import { trafficRows, weightLines } from '../../page/state/plot-lines.ts'
import { waitingText } from '../../page/state/status.ts'
import { durationText, leftText } from '../../page/state/time-text.ts'
import { addTraffic, noTraffic } from '../../page/state/traffic.ts'
import { wayBackText } from '../../page/state/way-back.ts'
import { actor, approvalGate, journal, rolloutView } from './views.ts'

const waiting = rolloutView({ status: 'waiting', gates: [approvalGate] })

describe('What may be asked of a rollout', () => {
  it('is nothing for a viewer, and each button says why', () => {
    const actions = actionsOf(waiting, actor('viewer'))
    expect(actions.map(({ name }) => name)).toContain('approve')
    expect(actions.filter(({ refusal }) => refusal === undefined)).toEqual([])
  })

  it('is to approve or reject for an approver, while a gate waits for one', () => {
    expect(allowed(waiting, 'approver')).toEqual(['approve', 'reject'])
    expect(allowed(rolloutView(), 'approver')).toEqual([])
  })

  it('is everything for an operator', () => {
    expect(allowed(waiting, 'operator')).toEqual([
      'approve',
      'reject',
      'pause',
      'promote',
      'abort',
      'rollback',
    ])
  })

  it('is no approval by whoever asked for it, where the gate says so, nor a second one', () => {
    const strict = rolloutView({ gates: [{ ...approvalGate, notRequester: true }] })
    expect(refusalOf(strict, 'ann')).toContain('somebody else')
    expect(refusalOf(strict, 'bob')).toBeUndefined()
    const once = rolloutView({ gates: [{ ...approvalGate, approvals: ['bob'], quorum: 2 }] })
    expect(refusalOf(once, 'bob')).toContain('already')
  })

  it('is neither to approve nor to promote for whoever asked for it, where four eyes are wanted', () => {
    const eyes = rolloutView({ ...waiting, fourEyes: true, by: 'Bob' })
    expect(allowed(eyes, 'operator')).toEqual(['reject', 'pause', 'abort', 'rollback'])
    const gate = rolloutView({ gates: [{ ...approvalGate, open: false, notRequester: true }] })
    expect(allowed({ ...gate, by: 'bob' }, 'operator')).not.toContain('promote')
    expect(allowed(gate, 'operator')).toContain('promote')
  })

  it('is not to resume before the window opens', () => {
    const closed = rolloutView({ status: 'paused', paused: { since: 1, by: 'the window' } })
    expect(allowed(closed, 'operator')).toEqual(['promote', 'abort', 'rollback'])
  })

  it('is said where a gate holds, with its reason', () => {
    const verdict = { verdict: 'inconclusive', evidence: 0, reason: 'nobody came' } as const
    const held = rolloutView({ status: 'held', gates: [{ ...approvalGate, verdict }] })
    expect(waitingText(held)).toBe(
      'Gate "go" holds, nobody came. Resume tries it again, promote goes on without it, abort gives v2 up.',
    )
  })

  it('is nothing on the way back, and only to roll back after the end', () => {
    const back = rolloutView({ direction: 'back', status: 'rolling-back' })
    expect(allowed(back, 'operator')).toEqual([])
    const paused = rolloutView({ status: 'paused', paused: { since: 1, by: 'ann' } })
    expect(allowed(paused, 'operator')).toContain('resume')
    expect(allowed(rolloutView({ outcome: 'promoted' }), 'operator')).toEqual(['rollback'])
  })

  it('is sent with what was seen, and in one line', () => {
    const body = commandOf(waiting, 'approve', 'x', ' looks\n good ')
    const seen = { position: 1, direction: 'forward' }
    expect(body).toEqual({ id: 'x', gate: 'go', seen, reason: 'looks good' })
    expect(commandOf(waiting, 'pause', 'y', '')).toEqual({ id: 'y', seen })
  })

  it('is told in words before a way back: releases, share, instances, and what is lost', () => {
    const text = wayBackText(waiting).join(' ')
    for (const part of ['"v1" (1.0.0)', '25%', '1 instance of "v2"', 'Lost'])
      expect(text).toContain(part)
  })
})

describe('Traffic', () => {
  const sample = (at: number, total: number, bad: number) => ({
    at,
    releases: { v2: { total, bad, slow: { '300': bad } } },
  })

  it('is the difference between two samples', () => {
    const traffic = addTraffic(
      addTraffic(noTraffic, sample(1_000, 100, 10)),
      sample(3_000, 200, 15),
    )
    expect(traffic.intervals[0]?.releases['v2']).toEqual({
      requests: 100,
      bad: 0.05,
      slow: { '300': 0.05 },
    })
    expect(trafficRows(traffic, ['v2'], '300')).toEqual([
      { release: 'v2', perSecond: 50, requests: 100, bad: 0.05, slow: 0.05 },
    ])
  })

  it('counts from 0 again after the router has restarted, and never tells the same sample twice', () => {
    const before = addTraffic(noTraffic, sample(1_000, 100, 10))
    const after = addTraffic(before, sample(2_000, 4, 1))
    expect(after.intervals[0]?.releases['v2']).toMatchObject({ requests: 4, bad: 0.25 })
    expect(addTraffic(after, sample(2_000, 4, 1))).toBe(after)
  })

  it('has no error rate where nothing was asked', () => {
    const idle = addTraffic(addTraffic(noTraffic, sample(1, 5, 5)), sample(2, 5, 5))
    expect(idle.intervals[0]?.releases['v2']).toEqual({ requests: 0, bad: undefined, slow: {} })
  })

  it('keeps a weight until the next one, and until now', () => {
    const points = [{ at: 5, weights: { v2: 1000, v1: 9000 } }]
    const before = { at: 1, weights: { v1: 10_000 } }
    expect(weightLines({ intended: {}, points }, ['v2', 'v1'], before, 9)).toEqual({
      times: [1, 5, 9],
      values: [
        [0, 0.1, 0.1],
        [1, 0.9, 0.9],
      ],
    })
  })
})

describe('The journal', () => {
  const entries = journal(
    { type: 'commanded', command: 'approve', id: '1', by: 'bob', gate: 'go' },
    { type: 'finished', outcome: 'promoted' },
  )

  it('is the newest first, and is filtered by what entries are about and by words', () => {
    expect(
      filterJournal(entries, { kind: undefined, text: '' }).map(({ entry }) => entry.seq),
    ).toEqual([2, 1, 0])
    expect(
      filterJournal(entries, { kind: 'people', text: '' }).map(({ line }) => line.text),
    ).toEqual(['approve at gate "go"'])
    expect(filterJournal(entries, { kind: undefined, text: 'BOB' })).toHaveLength(1)
  })

  it('names an entry of a kind that this page does not know', () => {
    const entry = JSON.parse(JSON.stringify({ ...entries[0], type: 'invented' }))
    expect(journalLine(entry).text).toBe('invented')
  })
})

describe('The evidence of a judge', () => {
  it('fills a bar up to its threshold and no further', () => {
    const towards = [
      { verdict: 'fail', value: 250, threshold: 100 },
      { verdict: 'pass', value: 0, threshold: 20 },
      { verdict: 'pass', value: Number.NaN, threshold: 20 },
    ] as const
    const look = { indicator: 'errors', verdict: 'fail', evidence: 1, reason: '', towards } as const
    expect(evidenceBars(look).map(({ filled }) => filled)).toEqual([1, 0, 0])
    const sides = { candidate: { bad: 3, total: 1200 }, baseline: { bad: 1, total: 9000 } }
    expect(countsText({ ...look, ...sides })).toBe('new 3 of 1,200, old 1 of 9,000')
  })
})

describe('The address bar', () => {
  it.each(['/', '/services/a%20b', '/rollouts/shop-1', '/audit'])(
    'says %s below any base path',
    (path) => {
      for (const base of ['', '/deploys']) {
        const screen = screenAt(`${base}${path}`, base)
        expect(screen.screen).not.toBe('unknown')
        expect(pathOf(screen)).toBe(path)
      }
    },
  )

  it('may say what is nowhere, or no text at all', () => {
    expect(screenAt('/a/b/c', '')).toEqual({ screen: 'unknown', path: '/a/b/c' })
    expect(screenAt('/services/%E0%A4%A', '')).toMatchObject({ service: '%E0%A4%A' })
  })
})

describe('Small texts', () => {
  it('are short and exact', () => {
    expect([0, 999, 61_000, 3_600_000, 90_000_000].map(durationText)).toEqual([
      '0s',
      '1s',
      '1m 1s',
      '1h',
      '1d 1h',
    ])
    expect(leftText(1, 2)).toBe('any moment')
  })

  it('come from a page that was sent without what the server knows', () => {
    expect(readInitial('__INITIAL__')).toEqual({
      basePath: '',
      actor: undefined,
      services: undefined,
    })
  })
})

function allowed(
  view: ReturnType<typeof rolloutView>,
  role: 'approver' | 'operator',
): ActionName[] {
  return actionsOf(view, actor(role))
    .filter(({ refusal }) => refusal === undefined)
    .map(({ name }) => name)
}

function refusalOf(view: ReturnType<typeof rolloutView>, name: string): string | undefined {
  return actionsOf(view, actor('approver', name)).find((one) => one.name === 'approve')?.refusal
}
