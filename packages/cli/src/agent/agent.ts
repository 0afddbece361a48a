import type { AgentPort } from '@changeover/console'
import type { AgentView } from '@changeover/console/api'
import { ChangeoverError } from '@changeover/engine'
import { loadConfig } from '../config/load-config.ts'
import { agentFiles, lockDirectory, makeDirectory } from './agent-directory.ts'
import { agentError, codeOf, wordsOf } from './agent-error.ts'
import { agentLogger, type LogSink } from './agent-logger.ts'
import { agentSecrets } from './agent-secrets.ts'
import { type AgentState, viewOf } from './agent-view.ts'
import { type AgentWorld, makeWorld } from './agent-world.ts'
import { type CleanUp, createCleanUp } from './clean-up.ts'
import { createDuty, type Duty } from './duty.ts'
import { reloadConfig } from './reload.ts'
import { serveConsole } from './serve-console.ts'

/** Options of {@link startAgent}. */
export interface AgentOptions {
  /** Where everything is kept; made where it is missing, and of one agent at a time. */
  readonly directory: string
  /** The config, or the folder that it is in. @default the working directory */
  readonly config?: string | undefined
  /** Where its log goes. @default stderr */
  readonly log?: LogSink
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** An agent that runs. */
export interface Agent extends AsyncDisposable {
  view(): AgentView
  /** Brings the config into force anew. @throws ChangeoverError what is wrong with it; the one before stays */
  reload(): Promise<AgentView>
  /** Lets go of everything; services stay up. Calling it again gives the same promise. */
  close(): Promise<void>
}

/**
 * Starts everything: engine, router, fleet, console and upkeep, by one config. Resolves when the console answers.
 *
 * @throws ChangeoverError `CHANGEOVER_AGENT_RUNNING`, `CHANGEOVER_AGENT_DIRECTORY_INVALID`, `CHANGEOVER_CONFIG_INVALID` and
 *   whatever else keeps it from starting; nothing is left behind then
 * @example
 * ```ts
 * const agent = await startAgent({ directory: '/var/lib/changeover', config: '/etc/changeover' })
 * agent.view().urls // { shop: 'http://127.0.0.1:8080' }
 * await agent.close() // shop serves on
 * ```
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { directory, config: wish, log = process.stderr, env = process.env } = options
  const files = agentFiles(directory)
  const secrets = agentSecrets(env)
  let logger = agentLogger(log, secrets, 'info')
  const cleanUp = createCleanUp((error) =>
    logger.error({ reason: wordsOf(error) }, 'clean-up failed'),
  )
  try {
    await makeDirectory(files)
    const lock = await lockDirectory(files)
    cleanUp.add(() => lock.release())
    const config = await loadConfig(wish)
    logger = agentLogger(log, secrets, config.logLevel)
    return await runWorld(makeWorld(config, { files, secrets, logger }, cleanUp), cleanUp)
  } catch (error) {
    await cleanUp.run()
    throw isDiskError(error)
      ? agentError(
          'CHANGEOVER_AGENT_DIRECTORY_INVALID',
          { ...files, problem: wordsOf(error) },
          error,
        )
      : error
  }
}

const DISK_ERRORS: ReadonlySet<unknown> = new Set(
  'EACCES EDQUOT EEXIST EINVAL EIO EISDIR ENOSPC ENOTDIR EPERM EROFS'.split(' '),
)

/** What the system says of files that cannot be written, be the disk full or broken, in whichever part that was met. */
function isDiskError(error: unknown): boolean {
  return !(error instanceof ChangeoverError) && DISK_ERRORS.has(codeOf(error))
}

async function runWorld(world: AgentWorld, cleanUp: CleanUp): Promise<Agent> {
  const { logger } = world
  const state: AgentState = {
    state: 'starting',
    configProblem: undefined,
    url: undefined,
    startedAt: Date.now(),
  }
  const view = (): AgentView => viewOf(world, state)
  const duty = createDuty(world, state)
  const reload = oneAtATime(() => reloadInto(world, state, duty))
  const port: AgentPort = {
    describe: view,
    reload: async () => {
      await reload()
      return view()
    },
    logs: (service, instance, lines) => logsOf(world, { service, instance, lines }),
  }
  state.url = await serveConsole(world, port, cleanUp)
  cleanUp.add(() => duty.close())
  await duty.begin()
  logger.info({ agent: view() }, 'agent started')
  const close = async (): Promise<void> => {
    await cleanUp.run()
    logger.info('agent stopped')
  }
  let closing: Promise<void> | undefined
  const closeOnce = (): Promise<void> => (closing ??= close())
  return { view, reload: () => port.reload(), close: closeOnce, [Symbol.asyncDispose]: closeOnce }
}

async function reloadInto(world: AgentWorld, state: AgentState, duty: Duty): Promise<void> {
  try {
    await reloadConfig(world, {
      isActive: state.state === 'active',
      notifications: duty.notifications,
    })
    state.configProblem = undefined
    duty.follow()
  } catch (error) {
    state.configProblem = wordsOf(error)
    world.logger.error(
      { reason: state.configProblem },
      'config refused: the one before stays in force',
    )
    throw error
  }
}

async function logsOf(
  { fleet }: AgentWorld,
  { service, instance, lines }: { service: string; instance: string; lines: number },
): Promise<string> {
  const logs = fleet.logs(service, instance, lines)
  if (logs !== undefined) return logs
  const problem = `the fleet "${fleet.fleet.name}" keeps none`
  throw agentError('CHANGEOVER_AGENT_LOGS_UNAVAILABLE', { service, instance, problem })
}

/** Those who ask meanwhile wait for a turn of their own: what changed since the first began counts too. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return () => {
    const next = last.then(work)
    last = next.catch(() => undefined)
    return next
  }
}
