import {
  createEngine,
  type Engine,
  type Hook,
  type HookContext,
  type Metrics,
  type Store,
} from '@changeover/engine'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { AgentConfig } from '../config/agent-config.ts'
import type { FleetPart, RouterPart } from './make-ports.ts'
import type { MigrationGuards } from './migration-guards.ts'

/** What a reload exchanges while the engine runs: it is asked for anew each time. */
export interface InForce {
  config: AgentConfig
}

export interface EngineParts {
  readonly router: RouterPart
  readonly fleet: FleetPart
  readonly store: Store
  readonly metrics: Metrics
  readonly migrations: MigrationGuards
  readonly holder: string
  readonly logger: Logger
  readonly inForce: InForce
  readonly registry: Registry
}

/** The engine of the agent. */
export function agentEngine({ router, fleet, inForce, ...parts }: EngineParts): Engine {
  const { hooks, leaseTtl } = inForce.config
  const { store, metrics, migrations, holder, logger, registry } = parts
  return createEngine({
    router: router.router,
    fleet: fleet.fleet,
    store,
    metrics,
    migrations,
    hooks: Object.fromEntries(Object.keys(hooks).map((name) => [name, hookNamed(name, inForce)])),
    leaseTtl,
    holder,
    logger,
    registry,
  })
}

function hookNamed(name: string, inForce: InForce): Hook {
  return async (context: HookContext) => inForce.config.hooks[name]?.(context)
}
