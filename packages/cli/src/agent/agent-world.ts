import { hostname } from 'node:os'
import { createHash, randomUUID } from 'node:crypto'
import { type Engine, type Store } from '@changeover/engine'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { AgentConfig } from '../config/agent-config.ts'
import type { AgentFiles } from './agent-directory.ts'
import { agentEngine, type InForce } from './agent-engine.ts'
import type { Secrets } from './agent-secrets.ts'
import type { CleanUp } from './clean-up.ts'
import {
  closeGiven,
  type FleetPart,
  makeFleet,
  makeMetrics,
  makeRouter,
  makeStore,
  type RouterPart,
} from './make-ports.ts'
import { type MigrationGuards, migrationGuards } from './migration-guards.ts'

/** What an agent is made of; a reload exchanges only what `inForce` holds, and the services of what serves them. */
export interface AgentWorld {
  readonly files: AgentFiles
  readonly secrets: Secrets
  readonly logger: Logger
  readonly holder: string
  readonly store: Store
  readonly fleet: FleetPart
  readonly router: RouterPart
  readonly migrations: MigrationGuards
  readonly engine: Engine
  readonly inForce: InForce
  /** Of the engine, for Prometheus. */
  readonly registry: Registry
}

/** Begins the names of all agents of a directory: who tells of a rollout is told by it. */
export function stationOf({ directory }: AgentFiles): string {
  const place = createHash('sha256').update(directory).digest('hex').slice(0, 8)
  return `${hostname()}-${place}-`
}

/**
 * Makes the engine and its ports by a config. Nothing is started, no process taken over.
 *
 * @throws ChangeoverError for options that one of them refuses, and `CHANGEOVER_AGENT_VARIABLE_MISSING`
 */
export function makeWorld(
  config: AgentConfig,
  context: Pick<AgentWorld, 'files' | 'secrets' | 'logger'>,
  cleanUp: CleanUp,
): AgentWorld {
  const { secrets, logger } = context
  for (const { inherit } of config.services.values()) secrets.hide(inherit)
  const migrations = migrationGuards(config.services.values(), { secrets, logger })
  cleanUp.add(() => migrations.close())
  const router = makeRouter(config, context)
  cleanUp.add(() => router.close())
  const fleet = makeFleet(config, context)
  cleanUp.add(() => fleet.close())
  const store = makeStore(config, context)
  cleanUp.add(() => store.close())
  const metrics = makeMetrics(config, router.router, context)
  cleanUp.add(() => closeGiven(metrics))
  const inForce = { config }
  const registry = new Registry()
  const holder = `${stationOf(context.files)}${process.pid}-${randomUUID().slice(0, 8)}`
  const own = { holder, logger, inForce, registry }
  const engine = agentEngine({ router, fleet, store, metrics, migrations, ...own })
  cleanUp.add(() => engine.close())
  return { ...context, ...own, store, fleet, router, migrations, engine }
}
