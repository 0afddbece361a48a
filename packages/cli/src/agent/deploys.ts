import type { StartRequest } from '@changeover/engine'
import type { Actor, ConsoleService } from '@changeover/console'
import type { DeployRequest, MigrationReportView } from '@changeover/console/api'
import type { AgentService } from '../config/agent-config.ts'
import { agentError } from './agent-error.ts'
import type { AgentWorld } from './agent-world.ts'
import { startRequestOf } from './release-of.ts'

/** What the console deploys, by the config in force. */
export interface Deploys {
  readonly services: () => readonly ConsoleService[]
  /** @throws ChangeoverError `CHANGEOVER_AGENT_SERVICE_UNKNOWN`, `CHANGEOVER_AGENT_SET_INVALID` */
  readonly request: (service: string, request: DeployRequest, actor: Actor) => Promise<StartRequest>
  readonly migrations: (
    service: string,
    release: string,
  ) => Promise<MigrationReportView | undefined>
}

export function createDeploys({ inForce, engine, migrations }: AgentWorld): Deploys {
  const find = (name: string): AgentService => {
    const { services, file } = inForce.config
    const service = services.get(name)
    if (service) return service
    const known = [...services.keys()].join(', ')
    throw agentError('CHANGEOVER_AGENT_SERVICE_UNKNOWN', { service: name, known, file })
  }
  return {
    services: () =>
      [...inForce.config.services.values()].map(({ name, replicas, fourEyes }) => {
        return { name, replicas, fourEyes }
      }),
    request: async (service, request, actor) => startRequestOf(find(service), request, actor.name),
    async migrations(service, release) {
      const { current } = await engine.service(service)
      return migrations.report(service, release, current ? [current.id] : [])
    },
  }
}
