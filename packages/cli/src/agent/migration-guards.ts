import { ChangeoverError, type MigrationGuard, type MigrationRequest } from '@changeover/engine'
import type { MigrationReportView } from '@changeover/console/api'
import {
  type CheckReport,
  type Contract,
  createMigrationGuard,
  type Finding,
  loadContract,
  MigrationError,
  type MigrationGuardHandle,
  type Verdict,
} from '@changeover/migrations'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { AgentMigrations, AgentService } from '../config/agent-config.ts'
import { agentError } from './agent-error.ts'
import type { Secrets } from './agent-secrets.ts'

/** One guard for each service that has migrations: the engine takes one for all. */
export interface MigrationGuards extends MigrationGuard {
  /** What a release's migrations would do to those who may run now; undefined where the service has none. */
  report(
    service: string,
    release: string,
    live: readonly string[],
  ): Promise<MigrationReportView | undefined>
  /**
   * Makes the guards of other services. Those that stay the same go on with what they do.
   *
   * @returns what brings them into force
   * @throws ChangeoverError `CHANGEOVER_AGENT_VARIABLE_MISSING`
   */
  prepare(services: Iterable<AgentService>): () => Promise<void>
  close(): Promise<void>
}

interface Guarded {
  readonly settings: AgentMigrations
  readonly guard: MigrationGuardHandle
}

interface Context {
  readonly secrets: Secrets
  readonly logger: Logger
}

/** @throws ChangeoverError `CHANGEOVER_AGENT_VARIABLE_MISSING` */
export function migrationGuards(
  services: Iterable<AgentService>,
  context: Context,
): MigrationGuards {
  let guards = makeGuards(services, new Map(), context)
  const of = (service: string): MigrationGuardHandle => {
    const guarded = guards.get(service)
    if (guarded) return guarded.guard
    const known = [...guards.keys()].join(', ')
    throw agentError('CHANGEOVER_AGENT_SERVICE_UNKNOWN', { service, known, file: 'the config' })
  }
  return {
    check: async (request: MigrationRequest, options) =>
      asOurs(() => of(request.service).check(request, options)),
    apply: async (request: MigrationRequest, options) =>
      asOurs(() => of(request.service).apply(request, options)),
    floor: (service, options) =>
      asOurs(async () => guards.get(service)?.guard.floor(service, options)),
    async report(service, release, live) {
      const guarded = guards.get(service)
      return guarded && asOurs(() => reportOf(guarded, release, live))
    },
    prepare(wanted) {
      const next = makeGuards(wanted, guards, context)
      return async () => {
        const kept = new Set([...next.values()].map(({ guard }) => guard))
        const gone = [...guards.values()].filter(({ guard }) => !kept.has(guard))
        guards = next
        await Promise.all(gone.map(({ guard }) => guard.close()))
      }
    },
    async close() {
      await Promise.all([...guards.values()].map(({ guard }) => guard.close()))
    },
  }
}

function makeGuards(
  services: Iterable<AgentService>,
  before: ReadonlyMap<string, Guarded>,
  { secrets, logger }: Context,
): ReadonlyMap<string, Guarded> {
  const guards = new Map<string, Guarded>()
  for (const { name, migrations: settings } of services) {
    if (settings === undefined) continue
    const old = before.get(name)
    const database = secrets.read(settings.database, `services.${name}.migrations.database`)
    const same = old && isDeepStrictEqual(old.settings, settings)
    guards.set(name, same ? old : { settings, guard: makeGuard(name, settings, database, logger) })
  }
  return guards
}

function makeGuard(
  service: string,
  { directory, contracts }: AgentMigrations,
  database: string,
  logger: Logger,
): MigrationGuardHandle {
  return createMigrationGuard({
    service,
    database,
    migrations: directory,
    contracts: (release) => contractOf(contracts, release),
    logger,
  })
}

/** Undefined where nobody recorded one: then nothing may be taken away. */
async function contractOf(
  folder: string | undefined,
  release: string,
): Promise<Contract | undefined> {
  if (folder === undefined) return undefined
  for (const path of [join(folder, `${release}.json`), join(folder, release)])
    if (await exists(path)) return loadContract(path)
  return undefined
}

/** Refusals of the guard have codes of their own, and are told as they are. */
async function asOurs<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error
    throw new ChangeoverError(error.code, error.message, { cause: error })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** What is pending of each phase, judged by the guard itself: it knows what has run. */
async function reportOf(
  { settings, guard }: Guarded,
  release: string,
  live: readonly string[],
): Promise<MigrationReportView> {
  const others = live.filter((one) => one !== release)
  const reports: CheckReport[] = []
  for (const phase of settings.phases) reports.push(await guard.judge({ phase, live: others }))
  const findings = reports.flatMap((one) => one.findings)
  const point = reports.find(({ pointOfNoReturn }) => pointOfNoReturn)?.pointOfNoReturn
  return {
    release,
    verdict: worst(reports.map(({ verdict }) => verdict)),
    findings: findings.filter(({ ignored }) => ignored === undefined).map(findingView),
    pointOfNoReturn: point && `${point.file}:${point.line}`,
  }
}

function worst(verdicts: readonly Verdict[]): Verdict {
  const order = ['unsafe', 'unknown'] as const
  return order.find((one) => verdicts.includes(one)) ?? 'safe'
}

function findingView(finding: Finding): MigrationReportView['findings'][number] {
  const { rule, verdict, phase, file, line, column, message, fix } = finding
  return { rule, verdict, phase, place: `${file}:${line}:${column}`, message, fix }
}
