import { type Logger, pino } from 'pino'
import { z } from 'zod'
import { refuse } from './changeover-error.ts'
import { checkOptions, portSchema } from './check-options.ts'
import type { Clock } from './clock.ts'
import { type Duration, toMs } from './duration.ts'
import { meterOf, type MetricsRegistry } from './engine-metrics.ts'
import type { Fleet } from './fleet.ts'
import type { Hook } from './hook.ts'
import type { Leadership } from './lead.ts'
import type { Metrics } from './metrics.ts'
import type { MigrationGuard } from './migration-guard.ts'
import type { Notifier } from './notifier.ts'
import type { Router } from './router.ts'
import type { Store } from './store.ts'
import { systemClock } from './system-clock.ts'
import { processName, uniqueId } from './system-identity.ts'

export interface EngineOptions {
  readonly router: Router
  readonly fleet: Fleet
  readonly store: Store
  /** Needed by plans with a `judge` step. */
  readonly metrics?: Metrics
  /** Needed by plans with a `migrate` step. */
  readonly migrations?: MigrationGuard
  /** The code that plans refer to by name. */
  readonly hooks?: Readonly<Record<string, Hook>>
  /** Called once for each entry, without waiting; for at least once, over crashes, give them to a courier instead. */
  readonly notifiers?: readonly Notifier[]
  /** @default the machine's clock */
  readonly clock?: Clock
  /** @default silent */
  readonly logger?: Logger
  /** A registry of prom-client that gets the metrics of `METRICS`. @default no metrics */
  readonly registry?: MetricsRegistry
  /** How long this engine leads a service without renewing its lease; at least 1 s. @default '15s' */
  readonly leaseTtl?: Duration
  /** Names this engine in leases and journals. @default host name, process id and a random part */
  readonly holder?: string
  /** Makes the ids of rollouts and commands; for reproducible runs. @default prefix, time and a random part */
  readonly newId?: (prefix: string) => string
}

const optionsSchema = z.strictObject({
  router: portSchema<Router>('router', ['probe', 'observe', 'apply', 'converge', 'drain']),
  fleet: portSchema<Fleet>('fleet', ['launch', 'probe', 'stop', 'list']),
  store: portSchema<Store>('store', ['append', 'read', 'rollouts', 'lease', 'release']),
  metrics: portSchema<Metrics>('metrics port', ['sample']).optional(),
  migrations: portSchema<MigrationGuard>('migration guard', ['check', 'apply', 'floor']).optional(),
  hooks: z
    .record(
      z.string(),
      z.custom<Hook>((value) => typeof value === 'function', 'a hook is a function'),
    )
    .optional(),
  notifiers: z.array(portSchema<Notifier>('notifier', ['notify'])).optional(),
  clock: portSchema<Clock>('clock', ['now', 'sleep']).optional(),
  logger: portSchema<Logger>('logger', ['info', 'warn', 'error', 'child']).optional(),
  registry: portSchema<MetricsRegistry>('registry of prom-client', [
    'getSingleMetric',
    'registerMetric',
  ]).optional(),
  leaseTtl: z.union([z.number(), z.string()]).optional(),
  holder: z.string().min(1).optional(),
  newId: z
    .custom<(prefix: string) => string>((value) => typeof value === 'function', 'it is a function')
    .optional(),
})

export interface EngineSettings {
  readonly leadership: Leadership
  readonly holder: string
  readonly newId: (prefix: string) => string
}

/** Checked options with their defaults. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` */
export function readEngineOptions(options: EngineOptions): EngineSettings {
  const checked = checkOptions(optionsSchema, options, 'engine')
  const { router, fleet, store, metrics, migrations, hooks = {}, notifiers = [] } = checked
  const clock = checked.clock ?? systemClock()
  return {
    leadership: {
      ports: { router, fleet, clock, metrics, migrations, hooks },
      store,
      notifiers,
      logger: (checked.logger ?? pino({ level: 'silent' })).child({ component: 'engine' }),
      meter: checked.registry && meterOf(checked.registry),
      leaseTtlMs: readLeaseTtl(checked.leaseTtl ?? '15s'),
    },
    holder: checked.holder ?? processName(),
    newId: checked.newId ?? ((prefix) => uniqueId(prefix, clock.now())),
  }
}

/** A shorter lease would be renewed more often than a busy store can answer. */
const SHORTEST_LEASE_MS = 1_000

function readLeaseTtl(leaseTtl: Duration): number {
  const ttlMs = toMs(leaseTtl, 'engine.leaseTtl')
  if (ttlMs >= SHORTEST_LEASE_MS) return ttlMs
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'engine.leaseTtl',
    value: leaseTtl,
    problem: `it is shorter than ${SHORTEST_LEASE_MS} ms`,
    remedy: "Give a duration such as '15s'.",
  })
}
