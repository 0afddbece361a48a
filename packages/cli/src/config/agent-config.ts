import type {
  Duration,
  Fleet,
  Hook,
  Metrics,
  MigrationPhase,
  Notifier,
  ReadinessCheck,
  Router,
  Store,
  Strategy,
} from '@changeover/engine'
import type { Path } from './problem.ts'
import type { ServiceRouterConfig, TlsFilesConfig } from './config.ts'

/** What something is made of when the agent starts: the caller's own object, or a kind with its options. */
export type Choice<Given, Kind extends string> =
  | { readonly kind: 'given'; readonly given: Given }
  | { readonly kind: Kind; readonly options: Readonly<Record<string, unknown>> }

/** A config after the check: paths absolute, strategies made, the names of secrets not yet looked up. */
export interface AgentConfig {
  /** The file that it came from. */
  readonly file: string
  readonly services: ReadonlyMap<string, AgentService>
  readonly router: Choice<Router, 'embedded' | 'haproxy' | 'nginx' | 'caddy'>
  readonly store: Choice<Store, 'file' | 'postgres'>
  readonly fleet: Choice<Fleet, 'process'>
  readonly metrics: Choice<Metrics, 'router' | 'prometheus'>
  readonly notifiers: ReadonlyMap<string, Choice<Notifier, 'webhook' | 'command'>>
  readonly hooks: Readonly<Record<string, Hook>>
  readonly http: AgentHttp | undefined
  readonly leaseTtl: Duration
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  /**
   * What `make` makes by options at the path. A refusal of them is thrown as one of the config, with file, line and column.
   *
   * @param within how many parts of the field that a refusal names come before the option. @default 0
   */
  readonly blame: <T>(path: Path, make: () => T, within?: number) => T
}

export interface AgentService {
  readonly name: string
  readonly command: readonly [file: string, ...args: string[]]
  /** Placeholders are not filled in yet. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly inherit: readonly string[]
  readonly replicas: number
  /** Of the embedded router. */
  readonly listen: { readonly port: number; readonly host: string } | undefined
  readonly readiness: ReadinessCheck
  readonly strategy: Strategy
  readonly migrations: AgentMigrations | undefined
  readonly fourEyes: boolean
  readonly router: ServiceRouterConfig
}

export interface AgentMigrations {
  readonly directory: string
  /** Name of a variable. */
  readonly database: string
  readonly phases: readonly MigrationPhase[]
  readonly contracts: string | undefined
}

export interface AgentHttp {
  readonly port: number
  readonly host: string
  readonly tls: TlsFilesConfig | undefined
  readonly origins: readonly string[]
}
