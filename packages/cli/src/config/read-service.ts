import { resolve } from 'node:path'
import { type Duration, type MigrationPhase, toMs, type ReadinessCheck } from '@changeover/engine'
import { z } from 'zod'
import type { AgentMigrations, AgentService } from './agent-config.ts'
import type { ServiceRouterConfig } from './config.ts'
import { isPlaceholder, placeholdersIn } from './placeholders.ts'
import { type Path, readBy, readByMaking, type Remedies, type Report } from './problem.ts'
import { readStrategy } from './read-strategy.ts'
import { holdsPassword, isSecretName, isVariableName } from './secrets.ts'

const text = z.string()
const duration: z.ZodType<Duration> = z.union([z.number(), z.string()])
const PHASES = ['expand', 'backfill', 'tighten', 'contract'] as const

const schema = z.strictObject({
  command: z.tuple([text.min(1)], text),
  cwd: text.min(1).optional(),
  env: z.record(z.string(), text).optional(),
  inherit: z.array(text.refine(isVariableName, 'it is no name of a variable')).optional(),
  replicas: z.int().min(1).max(100_000),
  port: z.int().min(0).max(65_535).optional(),
  host: text.min(1).optional(),
  readiness: z
    .strictObject({
      path: text.startsWith('/').optional(),
      timeout: duration.optional(),
      every: duration.optional(),
    })
    .optional(),
  strategy: z.unknown().optional(),
  migrations: z
    .strictObject({
      directory: text.min(1),
      database: text.refine(isVariableName, 'it is no name of a variable'),
      phases: z.array(z.enum(PHASES)).min(1).optional(),
      contracts: text.min(1).optional(),
    })
    .optional(),
  fourEyes: z.boolean().optional(),
  router: z
    .strictObject({
      timeouts: z.looseObject({}).optional(),
      limits: z.looseObject({}).optional(),
      upgrades: z.looseObject({}).optional(),
      trustProxy: z.union([z.literal(false), z.array(text)]).optional(),
      mirrorMethods: z.array(text).optional(),
      tls: z.strictObject({ cert: text.min(1), key: text.min(1) }).optional(),
    })
    .optional(),
})
type Given = z.infer<typeof schema>

const REMEDIES: Remedies = {
  command: 'Give the file and its arguments as a list: ["node", "server.js"]. No shell is used.',
  cwd: 'Name a folder, or leave it out.',
  env: 'Give names with texts as values.',
  inherit: 'List the names of variables of the agent that instances get.',
  replicas: 'Give a whole number from 1 on.',
  port: 'Give the port on which the service is reached, from 1 to 65535; 0 takes any free one.',
  host: "Give an address of this machine, such as '127.0.0.1'.",
  readiness: "Give any of path, timeout and every, such as { path: '/readyz', timeout: '2s' }.",
  migrations:
    "Give { directory, database } and any of phases and contracts; database names the environment variable that holds the connection string, such as 'DATABASE_URL'.",
  fourEyes: 'Say true or false.',
  router: 'Give any of timeouts, limits, upgrades, trustProxy, mirrorMethods, tls: { cert, key }.',
  '': 'Known are command, cwd, env, inherit, replicas, port, host, readiness, strategy, migrations, fourEyes and router.',
}

/** A service of the config; undefined where it has problems, which are reported. */
export function readService(
  name: string,
  value: unknown,
  { folder, report }: { readonly folder: string; readonly report: Report },
): AgentService | undefined {
  const path = ['services', name]
  const given = readBy(schema, value, path, { report, remedies: REMEDIES })
  if (given === undefined) return undefined
  reportTexts(given, path, report)
  const strategy = readStrategy(given.strategy, [...path, 'strategy'], report)
  if (strategy === undefined) return undefined
  return {
    name,
    command: given.command,
    cwd: resolve(folder, given.cwd ?? '.'),
    env: given.env ?? {},
    inherit: given.inherit ?? [],
    replicas: given.replicas,
    listen:
      given.port === undefined ? undefined : { port: given.port, host: given.host ?? '127.0.0.1' },
    readiness: readReadiness(given, [...path, 'readiness'], report),
    strategy,
    migrations: given.migrations && migrationsOf(given.migrations, folder),
    fourEyes: given.fourEyes ?? false,
    router: routerOf(given, folder),
  }
}

function migrationsOf(given: NonNullable<Given['migrations']>, folder: string): AgentMigrations {
  const phases: readonly MigrationPhase[] = given.phases ?? ['expand', 'backfill']
  return {
    directory: resolve(folder, given.directory),
    database: given.database,
    phases,
    contracts: given.contracts === undefined ? undefined : resolve(folder, given.contracts),
  }
}

function routerOf({ router = {} }: Given, folder: string): ServiceRouterConfig {
  const { tls, ...rest } = router
  const files = tls && { cert: resolve(folder, tls.cert), key: resolve(folder, tls.key) }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the router checks them when it is made
  return { ...rest, ...(files ? { tls: files } : {}) } as ServiceRouterConfig
}

function readReadiness({ readiness = {} }: Given, path: Path, report: Report): ReadinessCheck {
  const { path: url, timeout, every } = readiness
  const ms = (field: 'timeout' | 'every', value: Duration): number | undefined =>
    readByMaking(() => toMs(value, field), [...path, field], { report })
  const timeoutMs = timeout === undefined ? undefined : ms('timeout', timeout)
  const everyMs = every === undefined ? undefined : ms('every', every)
  return {
    ...(url === undefined ? {} : { path: url }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(everyMs === undefined ? {} : { everyMs }),
  }
}

/** Placeholders that nothing would fill in, and secrets: what stands here is journaled. */
function reportTexts({ command, cwd, env = {} }: Given, path: Path, report: Report): void {
  command.forEach((part, i) => reportText(part, [...path, 'command', i], report))
  if (cwd !== undefined) reportText(cwd, [...path, 'cwd'], report)
  for (const [name, value] of Object.entries(env)) {
    const at = [...path, 'env', name]
    if (isSecretName(name) && value !== '') report({ path: at, problem: SECRET, remedy: INHERIT })
    else reportText(value, at, report)
  }
}

const SECRET = 'a secret must not be in the config: it would be journaled'
const INHERIT =
  "Put it into the agent's own environment, and its name into inherit: instances get it, and it is written nowhere."

function reportText(value: string, path: Path, report: Report): void {
  if (holdsPassword(value)) report({ path, problem: SECRET, remedy: INHERIT })
  for (const name of placeholdersIn(value).filter((one) => !isPlaceholder(one))) {
    const remedy = 'Use {version}, {release} or {set.NAME}; {{name}} stands for {name} itself.'
    report({ path, problem: `{${name}} is no placeholder`, remedy })
  }
}
