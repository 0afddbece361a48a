import type { Engine, Fleet, Router, StartRequest, Store } from '@changeover/engine'
import type { Logger } from 'pino'
import type { Access, Actor, AuditLog } from './access/access.ts'
import type { AgentView, DeployRequest, MigrationReportView } from './api/index.ts'

/** A service that may be deployed, whether or not it ever was. */
export interface ConsoleService {
  readonly name: string
  readonly replicas: number
  /** Whoever asked for a rollout may neither approve nor promote it. @default false */
  readonly fourEyes?: boolean
}

/** What an agent tells and does beyond its engine. */
export interface AgentPort {
  describe(): AgentView
  /** Reads the config anew; where it is refused the old one stays in force, and this rejects. */
  reload(): Promise<AgentView>
  /** The last lines that an instance printed. */
  logs(service: string, instance: string, lines: number): Promise<string>
}

export interface ConsoleOptions {
  readonly engine: Engine
  readonly store: Store
  /** For what is in force now, and for counts of requests. @default neither is shown */
  readonly router?: Router
  readonly fleet?: Fleet
  readonly access: Access
  /** @default none: refusals and commands without a rollout are only logged */
  readonly audit?: AuditLog
  /** Asked each time. @default what the store's history names */
  readonly services?: () => readonly ConsoleService[]
  /** Makes what is to be deployed. Throws a coded error for a service or version that it does not know. @default no deploys */
  readonly deploys?: (
    service: string,
    request: DeployRequest,
    actor: Actor,
  ) => Promise<StartRequest>
  readonly migrations?: (
    service: string,
    release: string,
  ) => Promise<MigrationReportView | undefined>
  readonly agent?: AgentPort
  /** Path that it is mounted at, such as `/deploys`. @default what Express or Connect mount it at, or '' */
  readonly basePath?: string
  /** Most streams of events at a time. @default 1000 */
  readonly maxWatchers?: number
  /** @default silent */
  readonly logger?: Logger
}
