import { chmodSync, rmSync } from 'node:fs'
import { ChangeoverError, systemClock, withFileLock } from '@changeover/engine'
import { type Logger, pino } from 'pino'
import { routerOf } from '../node-router.ts'
import { parseOptions, type Settings } from '../options.ts'
import type { RouteMemory } from '../route-memory.ts'
import { boundedLog } from './bounded-log.ts'
import { controlCalls } from './control-calls.ts'
import { controlServer } from './control-server.ts'
import { identitiesOf, markOf } from './identities.ts'
import { hashOptions, decodeOptions } from './served-options.ts'
import { PROTOCOL, type RouterOrder, type StartReport } from './protocol.ts'
import { type RouterFiles, routerFiles } from './router-directory.ts'
import { openStateFile, type StateFile } from './state-file.ts'

/** Bytes of the log, and again as many of the one before it. */
const LOG_BYTES = 1_048_576

/**
 * All that happens in a router process: it takes the directory, puts the last tables in force, listens, and serves until
 * `stop` aborts or an adapter says so. Resolves when the last request has ended.
 *
 * @param report called once, when it serves or when it is clear that it will not
 */
export async function runRouterProcess(
  order: RouterOrder,
  stop: AbortController,
  report: (report: StartReport) => void,
): Promise<void> {
  const files = routerFiles(order.directory)
  const clock = systemClock()
  const log = boundedLog(files.log, LOG_BYTES)
  const logger = pino({ base: { pid: process.pid } }, log)
  process.on('uncaughtExceptionMonitor', (error) => logger.fatal({ err: error }, 'router crashed'))
  try {
    await withFileLock(files.lock, () => serve(order, files, logger, stop, report), {
      clock,
      waitMs: 0,
    })
  } catch (error) {
    const said = reportOf(error)
    if (said.held) logger.info('another process has the directory')
    else logger.error({ err: error }, 'the router did not start, or failed')
    report(said)
  } finally {
    log.close()
  }
}

function reportOf(error: unknown): StartReport {
  if (!(error instanceof ChangeoverError))
    return { problem: { code: '', message: String(error), details: {} } }
  const { code, message, details } = error
  const held = code === 'CHANGEOVER_STORE_LOCKED'
  return { held, problem: { code, message, details } }
}

async function serve(
  order: RouterOrder,
  files: RouterFiles,
  logger: Logger,
  stop: AbortController,
  report: (report: StartReport) => void,
): Promise<void> {
  // What a process that was killed left behind. This one has the lock, so nobody listens there.
  rmSync(files.socket, { force: true })
  const file = await openStateFile(files.state)
  const options = decodeOptions(order.options)
  const identities = identitiesOf(options)
  const settings = parseOptions({ ...options, logger })
  const router = routerOf(withPorts(settings, file), memoryIn(file))
  const calls = controlCalls(router, {
    tell: (notice, except) => control.tell(notice, except),
    renewed: (service, identity) => identities.set(service, identity),
  })
  const control = controlServer(calls, logger, () => stop.abort())
  try {
    const urls = await router.listen()
    await rememberPorts(settings, urls, file)
    await control.listen(files.socket, () => ({
      event: 'hello',
      protocol: PROTOCOL,
      pid: process.pid,
      options: hashOptions(options),
      urls,
      identities: Object.fromEntries([...identities].map(([name, one]) => [name, markOf(one)])),
      stopping: stop.signal.aborted,
    }))
    chmodSync(files.socket, 0o600)
    logger.info({ urls }, 'router serves')
    report({})
    await aborted(stop.signal)
    control.tell({ event: 'stopping' })
    logger.info('router stops')
  } finally {
    await router.close()
    control.close()
    rmSync(files.socket, { force: true })
  }
}

function memoryIn(file: StateFile): RouteMemory {
  return {
    tables: Object.values(file.state().tables),
    keep: (table) =>
      file.write((state) => ({ ...state, tables: { ...state.tables, [table.service]: table } })),
  }
}

/** Clients know the ports: where any free one was asked for, it is the same one again after a crash. */
function withPorts(settings: Settings, file: StateFile): Settings {
  const { ports } = file.state()
  const listeners = [...settings.listeners].map(
    ([service, listener]) =>
      [service, { ...listener, port: listener.port || (ports[service] ?? 0) }] as const,
  )
  return { ...settings, listeners: new Map(listeners) }
}

async function rememberPorts(
  { listeners }: Settings,
  urls: Readonly<Record<string, string>>,
  file: StateFile,
): Promise<void> {
  const any = [...listeners].filter(([, { port }]) => port === 0).map(([service]) => service)
  const { ports } = file.state()
  const found = any.map((service) => [service, Number(new URL(urls[service] ?? '').port)] as const)
  if (found.every(([service, port]) => ports[service] === port)) return
  await file.write((state) => ({
    ...state,
    ports: { ...state.ports, ...Object.fromEntries(found) },
  }))
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
