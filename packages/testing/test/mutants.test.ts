import type { Simulation, SimulationOptions } from '@changeover/testing'
import {
  bake,
  blueGreen,
  canary,
  compareRates,
  defineStrategy,
  judge,
  rolling,
  weight,
} from '@changeover/engine'
import { afterEach, describe, expect, test, vi } from 'vitest'

import type * as TakeDownModule from '../../engine/src/take-down.ts'
import type * as RoutesModule from '../../engine/src/routes.ts'
import type * as OutsideModule from '../../engine/src/observe-outside.ts'
import type * as BringUpModule from '../../engine/src/bring-up.ts'
import type * as GateModule from '../../engine/src/gate.ts'
import type * as HistoryModule from '../../engine/src/history.ts'
import type * as StepTimeModule from '../../engine/src/step-time.ts'
import type * as SimulatedRouterModule from '../src/simulated-router.ts'

const ENGINE = '../../engine/src'
const world = {
  readyAfter: '2s',
  stopAfter: '5s',
  convergeAfter: '10s',
  drainAfter: '45s',
} as const
const slowly = rolling({
  maxSurge: 1,
  maxUnavailable: 0,
  minReady: '1s',
  drain: { deadline: '5m' },
})
const base = { strategy: slowly, replicas: 2, world }
const judged = canary({
  steps: [weight(10), judge({ errors: compareRates() }, { deadline: '1m' })],
})

/** Users stay on their side, and there is time to be paused and restarted in. */
const sticky = canary({
  affinity: { cookie: 'uid' },
  steps: [weight(10), bake('10m'), weight(50), bake('1m')],
})

/** Ends without a stop: a router that forgets right before the end is noticed by the last look at it, or never. */
const noStops = defineStrategy({
  name: 'no-stops',
  plan: ({ to, from, replicas }) => ({
    steps: [
      { step: 'launch', release: to.id, instances: replicas, minReadyMs: 0, readyWithinMs: 60_000 },
      { step: 'shift', weights: { [to.id]: 10_000 } },
      { step: 'bake', durationMs: 120_000 },
    ],
    rollback: from ? [{ step: 'shift', weights: { [from.id]: 10_000 } }] : [],
    capacity: { maxTotal: replicas * 2, minAvailable: replicas },
  }),
})

interface Mutant {
  readonly name: string
  readonly mutate: () => void
  readonly runs: readonly SimulationOptions[]
  readonly rule: RegExp
}

const at = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step)

const mutants: readonly Mutant[] = [
  {
    name: 'does not wait for convergence',
    mutate: () =>
      vi.doMock(`${ENGINE}/routes.ts`, async (original) => {
        const routes = await original<typeof RoutesModule>()
        const putInForce: (typeof RoutesModule)['putInForce'] = (run, routing, signal) => {
          const router = {
            ...run.ports.router,
            converge: async ({ revision }: { revision: number }) => {
              return { revision, converged: true, level: 'accepted', evidence: '' } as const
            },
          }
          const ports = { ...run.ports, router }
          const hasty = new Proxy(run, {
            get: (target, key) => (key === 'ports' ? ports : Reflect.get(target, key)),
          })
          return routes.putInForce(hasty, routing, signal)
        }
        return { ...routes, putInForce }
      }),
    runs: [base],
    rule: /rule 5, .* converged, and requests do not follow it/,
  },
  {
    name: 'does not drain',
    mutate: () =>
      vi.doMock(`${ENGINE}/take-down.ts`, async (original) => {
        return {
          ...(await original<typeof TakeDownModule>()),
          drainInstance: async () => undefined,
        }
      }),
    runs: [base],
    rule: /rule 3, .* with requests in flight/,
  },
  {
    name: 'journals an outcome before the effect',
    mutate: () =>
      vi.doMock(`${ENGINE}/take-down.ts`, async (original) => {
        const stopInstance: (typeof TakeDownModule)['stopInstance'] = async (
          run,
          { id, instance },
          deadline,
        ) => {
          await run.record({ type: 'stop-intended', id }, { type: 'stopped', id, graceful: true })
          if (instance) await run.ports.fleet.stop(instance, { deadline })
        }
        return { ...(await original<typeof TakeDownModule>()), stopInstance }
      }),
    runs: [base],
    rule: /rule 5, .* journaled as stopped, and runs/,
  },
  {
    name: 'trusts the journal when it resumes',
    mutate: () =>
      vi.doMock(`${ENGINE}/observe-outside.ts`, async (original) => {
        const outside = await original<typeof OutsideModule>()
        const observeOutside: (typeof OutsideModule)['observeOutside'] = async (run) => {
          if (run.state.instances.size === 0) return outside.observeOutside(run)
          run.revision = Math.max(run.revision, run.state.intended?.revision ?? 0)
        }
        return { ...outside, observeOutside }
      }),
    runs: at(60, 170, 4).map((point) => ({
      ...base,
      faults: { crashAtPoint: [point], dies: [{ at: '100s', release: 'new', instances: 9 }] },
    })),
    rule: /rule \d/,
  },
  {
    name: 'takes an inconclusive verdict for a pass',
    mutate: () =>
      vi.doMock(`${ENGINE}/gate.ts`, async (original) => {
        const passGate: (typeof GateModule)['passGate'] = async (run, { gate }, attempt) => {
          await run.record({ type: 'judged', gate, verdict: await attempt() })
        }
        return { ...(await original<typeof GateModule>()), passGate }
      }),
    runs: [{ ...base, strategy: judged, world: { ...world, errors: 'silent' } }],
    rule: /rule 2, .* gates were passed for/,
  },
  {
    name: 'gives weight before readiness',
    mutate: () =>
      vi.doMock(`${ENGINE}/bring-up.ts`, async (original) => {
        const bringUp: (typeof BringUpModule)['bringUp'] = async (run, { id, release }) => {
          const { to, from, service } = run.state.plan
          const spec = release === to.id ? to : (from ?? to)
          const instance = await run.ports.fleet.launch({
            id,
            service,
            release: spec,
            fence: run.fence,
          })
          await run.record({ type: 'launched', instance }, { type: 'available', id })
        }
        return { ...(await original<typeof BringUpModule>()), bringUp }
      }),
    runs: [base],
    rule: /rule 1, .* never was ready/,
  },
  {
    name: 'stops the new release first on its way back',
    mutate: () =>
      vi.doMock(`${ENGINE}/take-down.ts`, async (original) => {
        const stopInstance: (typeof TakeDownModule)['stopInstance'] = async (
          run,
          { id, instance },
          deadline,
        ) => {
          await run.record({ type: 'stop-intended', id })
          if (instance) await run.ports.fleet.stop(instance, { deadline })
          await run.record({ type: 'stopped', id, graceful: true })
        }
        return { ...(await original<typeof TakeDownModule>()), stopInstance }
      }),
    runs: [
      {
        ...base,
        strategy: defineStrategy({
          name: 'stops-first',
          plan: ({ to, from, replicas }) => {
            const flip = blueGreen({ keepOld: '2m' }).plan({
              service: 'simulated',
              to,
              from,
              replicas,
              running: replicas,
              router: { rules: true, inFlight: true },
            })
            const last = flip.rollback.filter(({ step }) => step === 'stop')
            const others = flip.rollback.filter(({ step }) => step !== 'stop')
            return { ...flip, rollback: [...last, ...others] }
          },
        }),
        world: { ...world, commands: [{ at: '60s', command: 'abort' }] },
      },
    ],
    rule: /rule 3, .* is stopped/,
  },
  {
    name: 'does not reconcile drift',
    mutate: () =>
      vi.doMock(`${ENGINE}/observe-outside.ts`, async (original) => {
        const outside = await original<typeof OutsideModule>()
        const observeOutside: (typeof OutsideModule)['observeOutside'] = async (run) => {
          const before = run.inForce
          await outside.observeOutside(run)
          run.inForce = before ?? run.inForce
        }
        return { ...outside, observeOutside }
      }),
    runs: [{ ...base, strategy: noStops, faults: { forgets: [131_900] } }],
    rule: /rule 7: promoted, and 0 of \d serve/,
  },
  {
    name: 'is not fenced off when it is stale',
    mutate: () =>
      vi.doMock('../src/simulated-router.ts', async (original) => {
        const { simulatedRouter } = await original<typeof SimulatedRouterModule>()
        const unfenced: typeof simulatedRouter = (options) => {
          const routing = simulatedRouter(options)
          const { router } = routing
          return {
            ...routing,
            router: {
              ...router,
              apply: async (table, more) => {
                const { fence, revision } = await router.observe(table.service)
                const forced = Math.max(fence, table.fence)
                const newer = Math.max(revision + 1, table.revision)
                const receipt = await router.apply(
                  { ...table, fence: forced, revision: newer },
                  more,
                )
                return { ...receipt, revision: table.revision }
              },
            },
          }
        }
        return { simulatedRouter: unfenced }
      }),
    runs: at(20, 150, 1).map((atPoint) => ({ ...base, faults: { stall: { atPoint, for: '2m' } } })),
    rule: /rule 6, .* routes after fence/,
  },
  {
    name: 'moves what is current before the end',
    mutate: () =>
      vi.doMock(`${ENGINE}/history.ts`, async (original) => {
        const history = await original<typeof HistoryModule>()
        const serviceOf: (typeof HistoryModule)['serviceOf'] = (name, rollouts) => {
          return { ...history.serviceOf(name, rollouts), current: rollouts.at(-1)?.to }
        }
        return { ...history, serviceOf }
      }),
    runs: [base],
    rule: /rule 9, .* new is current instead of/,
  },
  {
    name: 'launches the last good release changed',
    mutate: () =>
      vi.doMock(`${ENGINE}/bring-up.ts`, async (original) => {
        const up = await original<typeof BringUpModule>()
        const bringUp: (typeof BringUpModule)['bringUp'] = (run, ...rest) => {
          const { fleet } = run.ports
          const launch: typeof fleet.launch = ({ release, ...request }, options) =>
            fleet.launch({ ...request, release: { ...release, spec: { patched: true } } }, options)
          const ports = { ...run.ports, fleet: { ...fleet, launch } }
          const patching = new Proxy(run, {
            get: (target, key) => (key === 'ports' ? ports : Reflect.get(target, key)),
          })
          return up.bringUp(patching, ...rest)
        }
        return { ...up, bringUp }
      }),
    runs: [base],
    rule: /rule 9, .* no longer what it was recorded as/,
  },
  {
    name: 'goes back to what the schema no longer carries',
    mutate: () =>
      vi.doMock(`${ENGINE}/history.ts`, async (original) => {
        const history = await original<typeof HistoryModule>()
        return { ...history, assertAboveFloor: () => undefined }
      }),
    runs: [base],
    rule: /rule 9: back to old, which the schema no longer carries: it was started/,
  },
  {
    name: 'draws its cohorts anew at every weight',
    mutate: () =>
      vi.doMock(`${ENGINE}/routes.ts`, async (original) => {
        const routes = await original<typeof RoutesModule>()
        let tables = 0
        const targetRouting: (typeof RoutesModule)['targetRouting'] = (state, target) => {
          const routing = routes.targetRouting(state, target)
          if (!routing.affinity) return routing
          return { ...routing, affinity: { ...routing.affinity, salt: `${(tables += 1)}` } }
        }
        return { ...routes, targetRouting }
      }),
    runs: [{ ...base, strategy: sticky }],
    rule: /rule 11, .* user \d+ does not get new at/,
  },
  {
    name: 'begins a deadline anew when it is restarted',
    mutate: () =>
      vi.doMock(`${ENGINE}/step-time.ts`, () => {
        const seen = new WeakMap<object, { position: number; at: number }>()
        const activeMs: (typeof StepTimeModule)['activeMs'] = (state, now) => {
          const { position } = state
          const known = seen.get(state)
          const begun = known?.position === position ? known : { position, at: now }
          seen.set(state, begun)
          return now - begun.at
        }
        return { activeMs }
      }),
    runs: at(60, 120, 10).map((point) => ({
      ...base,
      strategy: sticky,
      faults: { crashAtPoint: [point] },
    })),
    rule: /rule 12, .* bake ends \d+ ms after its time/,
  },
  {
    name: 'lets deadlines run on while it is paused',
    mutate: () =>
      vi.doMock(`${ENGINE}/step-time.ts`, () => {
        const activeMs: (typeof StepTimeModule)['activeMs'] = ({ stepStartedAt = 0 }, now) =>
          now - stepStartedAt
        return { activeMs }
      }),
    runs: [
      {
        ...base,
        strategy: sticky,
        world: {
          ...world,
          commands: [
            { at: '1m', command: 'pause' },
            { at: '6m', command: 'resume' },
          ],
        },
      },
    ],
    rule: /rule 12, .* bake ends \d+ ms before its time/,
  },
]

afterEach(() => {
  vi.doUnmock(`${ENGINE}/routes.ts`)
  vi.doUnmock(`${ENGINE}/take-down.ts`)
  vi.doUnmock(`${ENGINE}/observe-outside.ts`)
  vi.doUnmock(`${ENGINE}/gate.ts`)
  vi.doUnmock(`${ENGINE}/bring-up.ts`)
  vi.doUnmock(`${ENGINE}/history.ts`)
  vi.doUnmock(`${ENGINE}/step-time.ts`)
  vi.doUnmock('../src/simulated-router.ts')
  vi.resetModules()
})

describe.each(mutants)('an engine that $name', ({ mutate, runs, rule }) => {
  test('is caught', async () => {
    mutate()
    const violations = await violationsOf(runs)
    expect(violations.join('\n')).toMatch(rule)
  })

  test('is caught for that alone: ours breaks no rule in the same runs', async () => {
    expect(await violationsOf(runs)).toEqual([])
  })
})

async function violationsOf(runs: readonly SimulationOptions[]): Promise<string[]> {
  vi.resetModules()
  const { simulate } = await import('@changeover/testing')
  const ended: Simulation[] = []
  for (const options of runs) ended.push(await simulate(options))
  return ended.flatMap(({ violations }) => violations)
}
