import type { Release, StartRequest } from '@changeover/engine'
import type { DeployRequest } from '@changeover/console/api'
import type { AgentService } from '../config/agent-config.ts'
import { fill, type Fillings, placeholdersIn } from '../config/placeholders.ts'
import { agentError } from './agent-error.ts'

/** What is deployed when somebody asks for a version of a service. Pure. @throws ChangeoverError `CHANGEOVER_AGENT_SET_INVALID` */
export function startRequestOf(
  service: AgentService,
  request: DeployRequest,
  by: string,
): StartRequest {
  const { migrations } = service
  const { supersede, giveUpRollbackTo } = request
  return {
    service: service.name,
    release: releaseOf(service, request),
    replicas: service.replicas,
    strategy: service.strategy,
    by,
    ...(supersede === undefined ? {} : { supersede }),
    ...(giveUpRollbackTo === undefined ? {} : { giveUpRollbackTo }),
    ...(migrations === undefined ? {} : { migrate: migrations.phases }),
  }
}

function releaseOf(service: AgentService, { version, release, set = {} }: DeployRequest): Release {
  const id = release ?? version
  const fillings = { version, release: id, set }
  checkSet(service, fillings)
  const [file, ...args] = service.command
  const env = Object.entries(service.env).map(
    ([name, value]) => [name, fill(value, fillings)] as const,
  )
  const spec = {
    command: [fill(file, fillings), ...args.map((arg) => fill(arg, fillings))],
    cwd: fill(service.cwd, fillings),
    env: Object.fromEntries<string>(env),
    inherit: service.inherit,
  }
  return { id, version, spec, readiness: service.readiness }
}

function checkSet(service: AgentService, { set, version }: Fillings): void {
  const { name, command, cwd, env } = service
  const texts = [...command, cwd, ...Object.values(env)]
  const used = new Set(texts.flatMap(placeholdersIn).filter((one) => one.startsWith('set.')))
  const missing = [...used]
    .map((one) => one.slice('set.'.length))
    .find((one) => !Object.hasOwn(set, one))
  if (missing !== undefined)
    throw refused(
      name,
      missing,
      'the config has {set.NAME} for it, and no value was given',
      `Give it: --set ${missing}=VALUE.`,
    )
  const surplus = Object.keys(set).find((one) => !used.has(`set.${one}`))
  if (surplus !== undefined)
    throw refused(
      name,
      surplus,
      'nothing in the config uses it',
      `Use {set.${surplus}} in the config, or leave it out.`,
    )
  const odd = [...Object.entries(set), ['version', version] as const].find(
    ([, value]) => !isPlain(value),
  )
  if (odd !== undefined)
    throw refused(
      name,
      odd[0],
      'its value would lead out of its place',
      'Give a value without "..", control characters and "\0".',
    )
}

/** Values go into paths and commands: what was meant as a name must not name something elsewhere. */
function isPlain(value: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\u0000-\u001F\u007F]/.test(value) && !/(?:^|[\\/])\.\.(?:$|[\\/])/.test(value)
}

function refused(service: string, name: string, problem: string, remedy: string): Error {
  return agentError('CHANGEOVER_AGENT_SET_INVALID', { service, name, problem, remedy })
}
