import type { RouterCapabilities, RouterDrop } from '@changeover/engine'
import type { Look } from './conf-look.ts'
import type { DriverParts } from './driver-parts.ts'
import type { RouterMode } from './options.ts'
import { readText } from './owned-files.ts'
import { SLOW_BOUNDS_MS } from './traffic-bounds.ts'

const IDLE: readonly RouterDrop[] = ['idle']

/** What is the same in every mode. */
const COMMON = {
  split: 'request',
  proof: 'observed',
  rules: true,
  mirror: false,
  durable: true,
} as const

/** Mode `lua`. */
export const LUA_CAPABILITIES: RouterCapabilities = Object.freeze({
  ...COMMON,
  granularity: 1,
  inFlight: true,
  affinity: true,
  drops: [],
  slowBounds: SLOW_BOUNDS_MS,
  cohortHash: 'fnv1a-fmix32',
})

const RELOAD_CAPABILITIES: RouterCapabilities = Object.freeze({
  ...COMMON,
  granularity: 1,
  inFlight: false,
  affinity: true,
  drops: IDLE,
  cohortHash: 'murmur2',
})

const FILE_CAPABILITIES: RouterCapabilities = Object.freeze({
  ...COMMON,
  granularity: 10_000,
  inFlight: false,
  affinity: false,
  drops: IDLE,
})

export const CAPABILITIES: Readonly<Record<RouterMode, RouterCapabilities>> = Object.freeze({
  reload: RELOAD_CAPABILITIES,
  file: FILE_CAPABILITIES,
  lua: LUA_CAPABILITIES,
})

/** The directive with which a reload leaves idle connections alone, and the first version that has it. */
export const KEPT_IDLE = { directive: 'keepalive_min_timeout', since: '1.27.4' } as const

/** What modes `reload` and `file` can do, with the nginx that answers. */
export async function confCapabilities(
  { settings, paths }: DriverParts,
  { marker }: Look,
): Promise<RouterCapabilities> {
  const known = settings.mode === 'file' ? FILE_CAPABILITIES : RELOAD_CAPABILITIES
  // nginx would not have started with a directive that it does not know.
  const location = (await readText(paths.location)) ?? ''
  const kept = marker !== undefined && location.includes(`${KEPT_IDLE.directive} `)
  return kept ? { ...known, drops: [] } : known
}
