import type { EntryBody, RolloutSummary } from '@changeover/engine'
import { describe, expect, it } from 'vitest'
import { entryView } from '../../src/views/entry-view.ts'
import { planView } from '../../src/views/plan-view.ts'
import { instanceViews, rolloutView } from '../../src/views/rollout-view.ts'
import { serviceView } from '../../src/views/service-view.ts'
import { CREATED, finished, journal, LED, PLAN, started, story } from './journal.ts'

const instance = { id: 'i1', service: 'shop', release: 'v2', address: '127.0.0.1:3000' }

const AT_GO: readonly EntryBody[] = [
  CREATED,
  LED,
  { type: 'adopted', instance: { ...instance, id: 'i0', release: 'v1' }, ready: true },
  started(0),
  { type: 'launch-intended', id: 'i1', release: 'v2' },
  { type: 'launched', instance },
  { type: 'ready', id: 'i1' },
  { type: 'available', id: 'i1' },
  finished(0),
  started(1),
  {
    type: 'routes-intended',
    revision: 1,
    pools: [
      { release: 'v1', weight: 9_000, instances: 1 },
      { release: 'v2', weight: 1_000, instances: 1 },
    ],
  },
  { type: 'routes-converged', revision: 1, level: 'observed', evidence: 'seen' },
  finished(1),
  started(2),
  finished(2),
  started(3),
  {
    type: 'judged',
    gate: 'errors-low',
    verdict: { verdict: 'pass', evidence: 400, reason: 'errors: at most 0.7%' },
  },
  finished(3),
  started(5),
  { type: 'commanded', command: 'approve', id: 'c1', by: 'bob', gate: 'go' },
]

describe('The view of a rollout', () => {
  it('tells everything that its journal does', () => {
    expect(rolloutView(story(...AT_GO))).toMatchInlineSnapshot(`
      {
        "aborted": undefined,
        "by": "ann",
        "capacity": {
          "maxTotal": 3,
          "minAvailable": 2,
        },
        "counts": [
          {
            "ready": 1,
            "release": "v2",
            "starting": 0,
            "stopping": 0,
          },
          {
            "ready": 1,
            "release": "v1",
            "starting": 0,
            "stopping": 0,
          },
        ],
        "direction": "forward",
        "failure": undefined,
        "finishedAt": undefined,
        "from": {
          "id": "v1",
          "version": "1.0",
        },
        "gates": [
          {
            "approvals": [],
            "gate": "errors-low",
            "kind": "judge",
            "notRequester": false,
            "open": false,
            "quorum": 0,
            "thresholds": [
              "errors: fails where the evidence for more than 1 % bad reaches 20, passes at the deadline where no more is 95 % sure",
            ],
            "verdict": {
              "evidence": 400,
              "reason": "errors: at most 0.7%",
              "verdict": "pass",
            },
          },
          {
            "approvals": [],
            "gate": "smoke",
            "kind": "hook",
            "notRequester": false,
            "open": false,
            "quorum": 0,
            "thresholds": [],
            "verdict": undefined,
          },
          {
            "approvals": [
              "bob",
            ],
            "gate": "go",
            "kind": "approve",
            "notRequester": true,
            "open": true,
            "quorum": 2,
            "thresholds": [],
            "verdict": undefined,
          },
        ],
        "holder": "engine-1",
        "id": "r1",
        "outcome": undefined,
        "paused": undefined,
        "pools": [
          {
            "instances": 1,
            "release": "v1",
            "weight": 9000,
          },
          {
            "instances": 1,
            "release": "v2",
            "weight": 1000,
          },
        ],
        "position": 5,
        "promotedBy": undefined,
        "replicas": 2,
        "seq": 19,
        "service": "shop",
        "startedAt": 1000000,
        "status": "waiting",
        "steps": [
          {
            "endsAt": undefined,
            "gate": undefined,
            "startedAt": 1003000,
            "state": "done",
            "step": "launch",
            "text": "have 1 instance of "v2" ready (within 1m)",
          },
          {
            "endsAt": undefined,
            "gate": undefined,
            "startedAt": 1009000,
            "state": "done",
            "step": "shift",
            "text": "route 90% to "v1", 10% to "v2"",
          },
          {
            "endsAt": undefined,
            "gate": undefined,
            "startedAt": 1013000,
            "state": "done",
            "step": "bake",
            "text": "wait 30s",
          },
          {
            "endsAt": undefined,
            "gate": "errors-low",
            "startedAt": 1015000,
            "state": "done",
            "step": "judge",
            "text": "gate "errors-low": judge errors (at most 1%) every 1s for up to 1m; without a verdict it goes back",
          },
          {
            "endsAt": undefined,
            "gate": "smoke",
            "startedAt": undefined,
            "state": "done",
            "step": "hook",
            "text": "hook "smoke": up to 2 attempts of 1s; without a verdict it goes back",
          },
          {
            "endsAt": 1108000,
            "gate": "go",
            "startedAt": 1018000,
            "state": "active",
            "step": "approve",
            "text": "gate "go": 2 people approve, not the one who asked for it within 1m 30s; without a verdict it goes back",
          },
          {
            "endsAt": undefined,
            "gate": undefined,
            "startedAt": undefined,
            "state": "next",
            "step": "shift",
            "text": "route 100% to "v2"",
          },
        ],
        "strategy": "canary",
        "to": {
          "id": "v2",
          "version": "2.0",
        },
        "warnings": [
          "mind the gap",
        ],
      }
    `)
  })

  it('tells its instances with their phases and since when', () => {
    expect(instanceViews(story(...AT_GO))).toEqual([
      { id: 'i0', release: 'v1', phase: 'available', address: '127.0.0.1:3000', since: 1_002_000 },
      { id: 'i1', release: 'v2', phase: 'available', address: '127.0.0.1:3000', since: 1_006_000 },
    ])
  })

  it.each([
    ['progressing', [CREATED, LED, started(2)]],
    ['waiting', AT_GO],
    ['paused', [...AT_GO, { type: 'commanded', command: 'pause', id: 'c2', by: 'ann' }]],
    ['held', [CREATED, started(3), { type: 'held', gate: 'errors-low', reason: 'no data' }]],
    ['paused', [CREATED, LED, { type: 'closed', reason: 'freeze' }]],
    ['rolling-back', [...AT_GO, { type: 'commanded', command: 'abort', id: 'c2', by: 'ann' }]],
    [
      'rolling-back',
      [...AT_GO, { type: 'turned-back', code: 'C', reason: 'bad', steps: PLAN.rollback }],
    ],
    ['promoted', [...AT_GO, { type: 'finished', outcome: 'promoted' }]],
    ['failed-safe', [...AT_GO, { type: 'finished', outcome: 'failed-safe' }]],
  ] satisfies [string, readonly EntryBody[]][])('says %s', (status, bodies) => {
    expect(rolloutView(story(...bodies)).status).toBe(status)
  })

  it('leaves all traffic to the release of before until something was moved, and guesses nothing', () => {
    const adopted = (release: string): EntryBody => {
      return {
        type: 'adopted',
        instance: { ...instance, id: `i-${release}`, release },
        ready: true,
      }
    }
    const poolsOf = (...bodies: EntryBody[]): unknown =>
      rolloutView(story(CREATED, ...bodies)).pools
    const all = [{ release: 'v1', weight: 10_000, instances: 1 }]
    expect(poolsOf(LED, adopted('v1'))).toEqual(all)
    const own: EntryBody = { type: 'launch-intended', id: 'r1.1', release: 'v2' }
    expect(poolsOf(adopted('v1'), own)).toEqual(all)
    expect(poolsOf(adopted('v1'), adopted('v2'))).toEqual([])
    expect(poolsOf(adopted('v1'), { type: 'routes-intended', revision: 1, pools: [] })).toEqual([])
  })

  it('says where whoever asked for it may not let it through', () => {
    expect(rolloutView(story(CREATED))).not.toHaveProperty('fourEyes')
    expect(rolloutView(story(CREATED), (service) => service === 'shop').fourEyes).toBe(true)
  })

  it('says when a wait ends by itself, later by as long as it was paused, and not while it is', () => {
    const pause: EntryBody = { type: 'commanded', command: 'pause', id: 'p', by: 'ann' }
    const resume: EntryBody = { type: 'commanded', command: 'resume', id: 'r', by: 'ann' }
    const endsAt = (...bodies: EntryBody[]): unknown =>
      rolloutView(story(CREATED, started(2), ...bodies)).steps[2]?.endsAt
    expect(endsAt()).toBe(1_001_000 + 30_000)
    expect(endsAt(pause)).toBeUndefined()
    expect(endsAt(pause, resume)).toBe(1_001_000 + 30_000 + 1_000)
  })

  it('shows the steps of the way back once it goes back, and no gate open', () => {
    const back: EntryBody = { type: 'turned-back', code: 'C', reason: 'x', steps: PLAN.rollback }
    const view = rolloutView(story(...AT_GO, back, { ...started(1), index: 0 } as EntryBody))
    expect(view.steps.map(({ step, state }) => [step, state])).toEqual([['shift', 'active']])
    expect(view.steps[0]?.startedAt).toBe(1_021_000)
    expect(view.gates.filter(({ open }) => open)).toEqual([])
    expect(view.failure).toEqual({ code: 'C', reason: 'x' })
  })
})

describe('What leaves the console', () => {
  it('has no spec, in plans, entries and views', () => {
    const migrate = { step: 'migrate', phase: 'contract', live: [PLAN.to] } as const
    const plan = { ...PLAN, steps: [migrate], rollback: [migrate] }
    const told = [
      planView(plan),
      ...journal(
        { type: 'created', plan },
        { type: 'step-started', index: 0, step: migrate },
        { type: 'turned-back', code: 'C', reason: '', steps: [migrate] },
      ).map(entryView),
      rolloutView(story({ type: 'created', plan })),
    ]
    expect(JSON.stringify(told)).toContain('"spec":null')
    expect(JSON.stringify(told)).not.toContain('secret')
  })

  it('has no text longer than a page, whatever an instance printed', () => {
    const long = 'x'.repeat(100_000)
    const bodies: EntryBody[] = [
      { type: 'lost', id: 'i1', reason: long },
      { type: 'noticed', message: long },
      { type: 'finished', outcome: 'failed-safe', code: 'C', reason: long },
      { type: 'judged', gate: 'g', verdict: { verdict: 'fail', evidence: 1, reason: long } },
      { type: 'turned-back', code: 'C', reason: long, steps: [] },
      { type: 'routes-converged', revision: 1, level: 'observed', evidence: long },
    ]
    for (const entry of journal(CREATED, ...bodies)
      .slice(1)
      .map(entryView))
      expect(JSON.stringify(entry).length).toBeLessThan(3_000)
  })

  it('keeps entries as they are otherwise', () => {
    const [created, led, ...others] = journal(...AT_GO)
    expect(entryView(led!)).toBe(led)
    expect(others.map(entryView)).toEqual(others)
    expect(entryView(created!)).toMatchObject({ seq: 0, hash: created!.hash, by: 'ann' })
  })
})

describe('The view of a service', () => {
  const rollout = (
    id: string,
    from: string | undefined,
    to: string,
    rest: object,
  ): RolloutSummary =>
    ({
      id,
      service: 'shop',
      from: from === undefined ? undefined : { id: from, version: from, spec: {} },
      to: { id: to, version: to, spec: {} },
      replicas: 2,
      startedAt: 1,
      finishedAt: undefined,
      outcome: undefined,
      ...rest,
    }) satisfies RolloutSummary
  const promoted = { outcome: 'promoted', finishedAt: 2 } as const

  it('tells the current release, the rollout under way, the last one, and where it can go back to', () => {
    const history = [
      rollout('a', undefined, 'v1', promoted),
      rollout('b', 'v1', 'v2', promoted),
      rollout('c', 'v2', 'v3', { outcome: 'rolled-back', finishedAt: 3 }),
      rollout('d', 'v2', 'v4', { ...promoted, replicas: 5 }),
      rollout('e', 'v4', 'v5', { replicas: 7 }),
    ]
    const view = serviceView('shop', history, [])
    expect(view).toMatchObject({ current: { id: 'v4' }, rollout: { id: 'e' }, last: { id: 'd' } })
    expect(view.replicas).toBe(7)
    expect(view.rollbackTo).toEqual([
      { id: 'v2', version: 'v2' },
      { id: 'v1', version: 'v1' },
    ])
  })

  it('tells of nothing where nothing was deployed', () => {
    expect(serviceView('shop', [], undefined)).toEqual({
      name: 'shop',
      current: undefined,
      rollout: undefined,
      last: undefined,
      replicas: undefined,
      pools: undefined,
      rollbackTo: [],
    })
  })
})
