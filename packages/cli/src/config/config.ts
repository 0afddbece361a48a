import type { CaddyRouterOptions } from '@changeover/router-caddy'
import type {
  BlueGreenOptions,
  CanaryOptions,
  CanaryStep,
  Duration,
  Fleet,
  GateStep,
  Hook,
  Metrics,
  MigrationPhase,
  Notifier,
  RollingOptions,
  Router,
  RuleKey,
  Store,
  Strategy,
  WatchOptions,
} from '@changeover/engine'
import type { ProcessFleetOptions } from '@changeover/fleet-process'
import type { IndicatorQueries, PrometheusMetricsOptions } from '@changeover/metrics-prometheus'
import type { CommandNotifierOptions, WebhookNotifierOptions } from '@changeover/notifiers'
import type { HaproxyRouterOptions } from '@changeover/router-haproxy'
import type { NginxRouterOptions } from '@changeover/router-nginx'
import type { LimitOptions, TimeoutOptions, UpgradeOptions } from '@changeover/router-node'
import type { StepConfig } from './step-config.ts'

/** A secret: the name of the environment variable that holds it. It is never in the file itself. */
export interface SecretConfig {
  readonly env: string
}

/** How a strategy is written in JSON: what its function takes, with steps as data. */
export type StrategyConfig =
  | {
      readonly rolling: Omit<RollingOptions, 'gates'> & {
        readonly gates?: readonly (StepConfig | GateStep)[]
      }
    }
  | {
      readonly canary: Omit<CanaryOptions, 'steps'> & {
        readonly steps: readonly (StepConfig | CanaryStep)[]
      }
    }
  | {
      readonly blueGreen: Omit<BlueGreenOptions, 'steps' | 'watch' | 'preview'> & {
        readonly preview?: RuleKey
        readonly steps?: readonly (StepConfig | GateStep)[]
        readonly watch?:
          | Duration
          | (Omit<WatchOptions, 'indicators'> & {
              readonly indicators: Readonly<Record<string, unknown>>
            })
      }
    }

/** Options of the embedded router for one service. */
export interface ServiceRouterConfig {
  readonly timeouts?: TimeoutOptions
  readonly limits?: LimitOptions
  readonly upgrades?: UpgradeOptions
  /** Proxies in front of it, whose `X-Forwarded-*` is believed. @default false */
  readonly trustProxy?: false | readonly string[]
  readonly mirrorMethods?: readonly string[]
  /** Paths of PEM files; read at each start and reload. @default plain HTTP/1 */
  readonly tls?: TlsFilesConfig
}

/** Where a certificate and its key are. */
export interface TlsFilesConfig {
  readonly cert: string
  readonly key: string
}

/** Schema changes of a service's database, run around its rollouts. */
export interface MigrationsConfig {
  /** Folder of all migrations; read anew for each rollout. */
  readonly directory: string
  /** Name of the environment variable that holds the connection string. */
  readonly database: string
  /** @default ['expand', 'backfill'] */
  readonly phases?: readonly MigrationPhase[]
  /** Folder with one recorded contract for each release, `<release>.json`. @default none: nothing may be taken away */
  readonly contracts?: string
}

/** What the agent keeps running. */
export interface ServiceConfig {
  /** The file to run and its arguments; no shell reads them. `{version}`, `{release}` and `{set.NAME}` are filled in. */
  readonly command: readonly [file: string, ...args: string[]]
  /** Where it runs; placeholders are filled in. @default the folder of the config */
  readonly cwd?: string
  /** Variables of the instances; placeholders are filled in. They are journaled: no secrets. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of the agent's own variables that instances get; this is how secrets reach them. @default none */
  readonly inherit?: readonly string[]
  readonly replicas: number
  /** Where the embedded router takes the service's requests; 0 takes any free port. */
  readonly port?: number
  /** Address that the embedded router listens on; anything but the default lets other machines in. @default '127.0.0.1' */
  readonly host?: string
  readonly readiness?: {
    /** @default '/readyz' */
    readonly path?: string
    /** For one answer. @default '2s' */
    readonly timeout?: Duration
    /** Between two looks at an instance that is not ready. @default '250ms' */
    readonly every?: Duration
  }
  /** What `rolling()`, `canary()` and `blueGreen()` make, or the same as data. @default rolling() */
  readonly strategy?: Strategy | StrategyConfig
  readonly migrations?: MigrationsConfig
  /** Whoever asked for a rollout may neither approve nor promote it. @default false */
  readonly fourEyes?: boolean
  /** Options of the embedded router for this service. */
  readonly router?: ServiceRouterConfig
}

/** Which router the agent drives. */
export type RouterConfig =
  | { readonly embedded: { readonly directory?: string } }
  | { readonly haproxy: Omit<HaproxyRouterOptions, 'logger' | 'clock' | 'signal'> }
  | { readonly nginx: Omit<NginxRouterOptions, 'logger' | 'clock' | 'signal'> }
  | { readonly caddy: Omit<CaddyRouterOptions, 'logger' | 'clock' | 'signal'> }

/** How long the past is kept. */
export interface RetainConfig {
  /**
   * Finished rollouts kept of each service; older ones are deleted, but for what tells the current release and the one before.
   * @default 1000
   */
  readonly retain?: number
}

/** Where journals and leases are kept. */
export type StoreConfig =
  | { readonly file: { readonly directory?: string } & RetainConfig }
  | {
      readonly postgres: RetainConfig & {
        readonly connection: SecretConfig
        /** Schema of its tables. @default the store's own */
        readonly schema?: string
      }
    }

/** Where the judge's numbers come from. */
export interface MetricsConfig {
  readonly prometheus: Omit<PrometheusMetricsOptions, 'clock' | 'headers' | 'indicators'> & {
    readonly indicators: Readonly<Record<string, IndicatorQueries>>
    /** Sent with each query; a value is a text, or a secret. */
    readonly headers?: Readonly<Record<string, string | SecretConfig>>
  }
}

/** Who is told of what happens. */
export type NotifierConfig =
  | {
      readonly webhook: {
        readonly url: string | SecretConfig
        /** What deliveries are signed with. */
        readonly secret: SecretConfig | readonly SecretConfig[]
        readonly headers?: Readonly<Record<string, string | SecretConfig>>
      } & Omit<WebhookNotifierOptions, 'url' | 'secret' | 'headers' | 'signal' | 'clock' | 'logger'>
    }
  | Omit<CommandNotifierOptions, 'signal' | 'logger'>

/** The console over TCP. */
export interface HttpConfig {
  /** 0 takes any free port. */
  readonly port: number
  /** Anything but a loopback address needs `tls`. @default '127.0.0.1' */
  readonly host?: string
  readonly tls?: TlsFilesConfig
  /** Addresses under which browsers see the console, where a proxy stands before it. */
  readonly origins?: readonly string[]
}

/** What `changeover.config.{ts,mjs,json}` says. Relative paths in it start at its folder. */
export interface ChangeoverConfig {
  readonly services: Readonly<Record<string, ServiceConfig>>
  /** @default the embedded router, in a process for each service that outlives the agent */
  readonly router?: Router | RouterConfig
  /** @default files in the agent's directory */
  readonly store?: Store | StoreConfig
  /** @default child processes, which outlive the agent */
  readonly fleet?: Fleet | Omit<ProcessFleetOptions, 'logger' | 'orphans'>
  /** @default the router's own counts */
  readonly metrics?: Metrics | MetricsConfig
  readonly notifiers?: Readonly<Record<string, Notifier | NotifierConfig>>
  /** The code that strategies refer to by name; only in `.ts` and `.mjs`. */
  readonly hooks?: Readonly<Record<string, Hook>>
  /** @default none: the agent is reached over its own socket alone */
  readonly http?: HttpConfig
  /** How long the agent leads a rollout without renewing its lease. @default '15s' */
  readonly leaseTtl?: Duration
  /** @default 'info' */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error'
}

/**
 * Says what a config may hold, for editors; it is checked when the agent loads it.
 *
 * @returns the config itself
 * @example
 * ```ts
 * // changeover.config.ts
 * export default defineConfig({
 *   services: {
 *     shop: {
 *       command: ['node', '/srv/shop/{version}/server.js'],
 *       replicas: 4,
 *       port: 8080,
 *       strategy: canary({ steps: [weight(10), bake('1m'), approve('go')] }),
 *     },
 *   },
 * })
 * ```
 */
export function defineConfig(config: ChangeoverConfig): ChangeoverConfig {
  return config
}
