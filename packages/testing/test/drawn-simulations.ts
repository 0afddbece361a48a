import type { Duration } from '@changeover/engine'
import type { SimulatedFaults, SimulationOptions, World } from '@changeover/testing'
import { strategies } from './simulated-strategies.ts'

type Random = () => number

/** Draws everything about a simulation: strategy, size, world, and one to three kinds of faults. */
export function drawSimulation(random: Random, seed: number): SimulationOptions {
  const kinds = 1 + Math.floor(random() * 3)
  const faults = Array.from({ length: kinds }, () => pick(random, faultKinds)(random))
  const drawn: SimulatedFaults = Object.assign({}, ...faults)
  return {
    strategy: pick(random, strategies),
    replicas: 2 + Math.floor(random() * 4),
    world: drawWorld(random),
    // A router that lies of its lag may be changed after the end that it lied about.
    faults: drawn.lies ? { ...drawn, drift: [], forgets: [] } : drawn,
    ...(random() < 0.2 ? { supersede: { at: later(random) } } : {}),
    seed,
  }
}

export function pick<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0]
}

/** Long drains and a router that takes its time: short ones hide mistakes. */
function drawWorld(random: Random): World {
  return {
    readyAfter: pick<NonNullable<World['readyAfter']>>(random, ['2s', ['1s', '20s'], 'never']),
    stopAfter: pick<Duration>(random, [0, '5s', '40s']),
    convergeAfter: pick<Duration>(random, [0, '10s', '30s']),
    drainAfter: pick(random, ['10s', '45s', '10m']),
    errors: pick<NonNullable<World['errors']>>(random, [
      { old: 0.005, new: 0.005 },
      { old: 0.005, new: 0.2 },
      { old: 0.03, new: 0.03 },
      'silent',
      'nan',
      'failing',
    ]),
    requestsPerSecond: 500,
    approvals: pick(random, ['1m', '5m', 'never']),
    holds: pick(random, ['abort', 'promote']),
    hooks: { smoke: pick(random, ['succeed', 'succeed', 'fail', 'hang']) },
    commands: drawCommands(random),
  }
}

/** Mostly people ask for nothing. */
function drawCommands(random: Random): NonNullable<World['commands']> {
  const at = later(random)
  const goOnAt = at + 1_000 + later(random)
  return pick<NonNullable<World['commands']>>(random, [
    [],
    [],
    [],
    [
      { at, command: 'pause' },
      { at: goOnAt, command: 'resume' },
    ],
    [{ at, command: 'abort' }],
    [{ at, command: 'promote' }],
  ])
}

const later = (random: Random): number => 1_000 * Math.floor(random() * 300)
const point = (random: Random): number => 1 + Math.floor(random() ** 2 * 400)
const side = (random: Random): 'old' | 'new' => pick(random, ['old', 'new'])

const faultKinds: readonly [Kind, ...Kind[]] = [
  (random) => ({ crashAtPoint: [point(random)] }),
  (random) => ({ crashAtPoint: [point(random), point(random), point(random)] }),
  (random) => ({ stall: { atPoint: point(random), for: pick(random, ['50s', '2m', '20m']) } }),
  (random) => ({ clocks: [-20_000, 20_000, 0].toSorted(() => random() - 0.5) }),
  (random) => ({
    lost: {
      lostRequests: random() * 0.1,
      lostReplies: random() * 0.1,
      atMost: pick(random, [1, 3]),
    },
  }),
  (random) => ({
    store: {
      lostRequests: random() * 0.1,
      lostReplies: random() * 0.1,
      atMost: pick(random, [1, 3]),
    },
  }),
  () => ({ lies: true }),
  (random) => ({ drift: [later(random)] }),
  (random) => ({ forgets: [later(random)] }),
  (random) => ({ dies: [{ at: later(random), release: side(random) }] }),
  (random) => ({ falters: [{ at: later(random), release: side(random), for: '20s' }] }),
]

type Kind = (random: Random) => SimulatedFaults
