import { formatPlan, type Instance, type Plan, type RouteTable } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { hasServed, isFrozen, isRepair, replicasOf, rollbackTarget } from '../src/history.ts'
import { repairNeed, type ServiceSight } from '../src/repair-need.ts'
import { planRepair } from '../src/repair-plan.ts'
import type { RolloutSummary } from '../src/store.ts'
import { release } from './stage.ts'

const instance = (id: string, of = 'v2'): Instance => {
  return { id, service: 'shop', release: of, address: `${id}:80` }
}
const [a, b, c] = [instance('a'), instance('b'), instance('c')]
const wish = { service: 'shop', current: release('v2'), replicas: 3, frozen: false }

function table(instances: readonly Instance[], more: Partial<RouteTable> = {}): RouteTable {
  const pools = [{ release: 'v2', weight: 10_000, instances }]
  return { service: 'shop', revision: 4, fence: 2, pools, ...more }
}

/** All three run, are ready and get the traffic, but for what is said. */
function sight(but: Partial<ServiceSight> & { table?: RouteTable | undefined } = {}): ServiceSight {
  const { table: shown, ...rest } = { table: table([c, a, b]), ...but }
  return {
    running: [a, b, c],
    ready: new Set(['a', 'b', 'c']),
    routes: { drift: [], table: shown },
    ...rest,
  }
}

describe('what a service lacks', () => {
  test('is nothing where all is as it should be, in whatever order', () => {
    expect(repairNeed(sight(), wish)).toBeUndefined()
  })

  test('is nothing where there is more than it should have', () => {
    expect(repairNeed(sight(), { ...wish, replicas: 2 })).toBeUndefined()
  })

  test.each<[string, ServiceSight, object]>([
    ['an instance', sight({ running: [a, b] }), { missing: 1, unready: 0, reroute: true }],
    ['everything', sight({ running: [] }), { missing: 3, unready: 0, reroute: false, ready: 0 }],
    [
      'the readiness of one',
      sight({ ready: new Set(['a', 'b']) }),
      { missing: 0, unready: 1, reroute: true, ready: 2 },
    ],
    ['the table', sight({ table: undefined }), { missing: 0, reroute: true }],
    ['an instance in the table', sight({ table: table([a, b]) }), { reroute: true }],
    [
      'the address of one in the table',
      sight({ table: table([a, b, { ...c, address: 'elsewhere:80' }]) }),
      { reroute: true },
    ],
    [
      'traffic that another release gets',
      sight({
        table: table([], {
          pools: [
            { release: 'v1', weight: 1, instances: [instance('x', 'v1')] },
            { release: 'v2', weight: 9_999, instances: [a, b, c] },
          ],
        }),
      }),
      { reroute: true },
    ],
    [
      'a table without rules',
      sight({ table: table([a, b, c], { rules: [{ release: 'v2', header: 'x-beta' }] }) }),
      { reroute: true },
    ],
    [
      'a table that nobody else touched',
      sight({ routes: { table: table([a, b, c]), drift: ['weights'] } }),
      { reroute: true },
    ],
  ])('is %s', (_, seen, need) => {
    expect(repairNeed(seen, wish)).toMatchObject(need)
  })

  test('is left to people after a rollout that failed safe, for as long as anybody serves', () => {
    const frozen = { ...wish, frozen: true }
    expect(repairNeed(sight({ running: [a], ready: new Set(['a']) }), frozen)).toBeUndefined()
    expect(repairNeed(sight({ running: [a], ready: new Set() }), frozen)).toBeDefined()
    expect(repairNeed(sight({ table: undefined }), frozen)).toBeDefined()
  })
})

describe('the plan of a repair', () => {
  const plan = (replicas: number, ready: number, missing = replicas - ready): Plan =>
    planRepair({
      service: 'shop',
      current: release('v2'),
      replicas,
      need: { ready, missing, unready: replicas - ready - missing, reroute: false },
      running: replicas - missing,
      unwanted: {},
    })
  const launches = ({ steps }: Plan): (number | 'all')[] =>
    steps.flatMap((step) => (step.step === 'launch' ? [step.atLeast ?? 'all'] : []))

  test.each<[number, number, (number | 'all')[]]>([
    [1, 0, ['all']],
    [2, 0, [1, 'all']],
    [10, 0, [1, 5, 'all']],
    [10, 3, [5, 'all']],
    [10, 9, ['all']],
  ])('of %d replicas with %d ready goes on with %j', (replicas, ready, rungs) => {
    expect(launches(plan(replicas, ready))).toEqual(rungs)
  })

  test('says in words what it does, and why', () => {
    const text = formatPlan(plan(3, 0))
    expect(text).toContain('have 1 of 3 instances of "v2" ready (within 3m)')
    expect(text).toContain('3 of 3 instances of "v2" do not run')
  })

  test('runs no more than what runs and what is missing', () => {
    expect(plan(10, 3, 5).capacity).toEqual({ maxTotal: 10, minAvailable: 3 })
  })

  test('leads to the release that is there, whichever way it goes', () => {
    const { from, to, steps, rollback } = plan(3, 0)
    expect([from, to]).toEqual([release('v2'), release('v2')])
    const all = [...steps, ...rollback].flatMap((step) =>
      step.step === 'shift' ? Object.keys(step.weights) : 'release' in step ? [step.release] : [],
    )
    expect(new Set(all)).toEqual(new Set(['v2']))
  })
})

describe('a history with repairs', () => {
  const line = (from: string | undefined, to: string, outcome: RolloutSummary['outcome']) => {
    const known = { service: 'shop', startedAt: 0, finishedAt: 1, replicas: Number(to.slice(1)) }
    return {
      ...known,
      id: `${from} ${to}`,
      from: from === undefined ? undefined : release(from),
      to: release(to),
      outcome,
    }
  }
  const deployed = [line(undefined, 'v1', 'promoted'), line('v1', 'v2', 'promoted')]

  test('leads back where it led without them', () => {
    const repaired = [...deployed, line('v2', 'v2', 'promoted'), line('v2', 'v2', 'rolled-back')]
    expect(repaired.map(isRepair)).toEqual([false, false, true, true])
    expect(rollbackTarget('shop', repaired, undefined).release.id).toBe('v1')
  })

  test('stands still after a rollout that failed safe, until a repair or a rollout ends well', () => {
    const failed = [...deployed, line('v2', 'v3', 'failed-safe')]
    expect(isFrozen(deployed)).toBe(false)
    expect(isFrozen(failed)).toBe(true)
    expect(isFrozen([...failed, line('v2', 'v2', 'failed-safe')])).toBe(true)
    expect(isFrozen([...failed, line('v2', 'v2', 'rolled-back')])).toBe(true)
    expect(isFrozen([...failed, line('v2', 'v2', 'promoted')])).toBe(false)
    expect(isFrozen([...deployed, line('v2', 'v2', 'failed-safe')])).toBe(false)
  })

  test('knows how many instances there should be, and who has served', () => {
    const back = [...deployed, line('v2', 'v9', 'rolled-back')]
    expect(replicasOf(back)).toBe(2)
    expect(['v1', 'v2', 'v9'].map((id) => hasServed(back, id))).toEqual([true, true, false])
  })
})
