import {
  createAccess,
  createConsole,
  fileAudit,
  fileTokens,
  type AgentPort,
} from '@changeover/console'
import type { AgentHttp } from '../config/agent-config.ts'
import { isLoopback } from '../config/check-listeners.ts'
import type { AgentWorld } from './agent-world.ts'
import type { CleanUp } from './clean-up.ts'
import { createDeploys } from './deploys.ts'
import { withMetrics } from './serve-metrics.ts'
import { listenOnPort, listenOnSocket } from './servers.ts'

/**
 * Opens the console: on the agent's own socket for whoever owns it, and where the config says so over TCP for tokens.
 *
 * @returns where browsers find it; undefined where no port is opened
 * @throws ChangeoverError `CHANGEOVER_AGENT_LISTEN_FAILED`, and what tokens and audit log refuse
 */
export async function serveConsole(
  world: AgentWorld,
  agent: AgentPort,
  cleanUp: CleanUp,
): Promise<string | undefined> {
  const { files, logger, engine, store, router, fleet, inForce } = world
  const { http } = inForce.config
  const tokens = fileTokens({ path: files.tokens })
  cleanUp.add(() => tokens.close())
  const audit = fileAudit({ path: files.audit })
  cleanUp.add(() => audit.close())
  const access = createAccess({ tokens, origins: originsOf(http), logger })
  cleanUp.add(() => access.close())
  const deploys = createDeploys(world)
  const console = createConsole({
    engine,
    store,
    router: router.router,
    fleet: fleet.fleet,
    access,
    audit,
    services: deploys.services,
    deploys: deploys.request,
    migrations: deploys.migrations,
    agent,
    logger,
  })
  const local = await listenOnSocket(
    files.socket,
    withMetrics(
      world.registry,
      () => true,
      (request, response) => console.localHandler(request, response),
    ),
  )
  cleanUp.add(() => local.close())
  let url: string | undefined
  if (http) {
    const tcp = await listenOnPort(
      http,
      withMetrics(
        world.registry,
        (request) => access.admit(request) !== undefined,
        (request, response) => console.handler(request, response),
      ),
    )
    cleanUp.add(() => tcp.close())
    url = http.origins[0] ?? tcp.url
  }
  // Before the servers: they end once no stream is open.
  cleanUp.add(() => console.close())
  return url
}

function originsOf(http: AgentHttp | undefined): readonly string[] {
  if (!http || isLoopback(http.host) || http.origins.length > 0) return http?.origins ?? []
  const host = http.host.includes(':') ? `[${http.host}]` : http.host
  return [`https://${host}:${http.port}`]
}
