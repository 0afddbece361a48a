import { readFileSync } from 'node:fs'
import type { AgentView } from '@changeover/console/api'
import { z } from 'zod'
import type { AgentWorld } from './agent-world.ts'

/** What changes about an agent while it runs. */
export interface AgentState {
  state: AgentView['state']
  configProblem: string | undefined
  /** Of the console over TCP. */
  url: string | undefined
  readonly startedAt: number
}

export function viewOf(
  { files, holder, inForce, router, fleet, store }: AgentWorld,
  { state, configProblem, url, startedAt }: AgentState,
): AgentView {
  return {
    version: packageVersion(),
    pid: process.pid,
    startedAt,
    state,
    holder,
    directory: files.directory,
    router: router.router.name,
    fleet: fleet.fleet.name,
    store: store.name,
    services: [...inForce.config.services.keys()],
    configProblem,
    ...(url === undefined ? {} : { url }),
    ...(router.embedded ? { urls: router.embedded.urls() } : {}),
  }
}

let known: string | undefined

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  const read = (): string =>
    z.looseObject({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version
  return (known ??= read())
}
