import { randomUUID } from 'node:crypto'
import { closeSync, statSync } from 'node:fs'
import { ChangeoverError, type LaunchRequest, refuse } from '@changeover/engine'
import type { FleetDirectory } from './fleet-directory.ts'
import { instanceEnvironment } from './instance-environment.ts'
import type { InstanceRecord } from './instance-record.ts'
import type { InstanceRun } from './instance-run.ts'
import type { FleetSettings } from './options.ts'
import type { OpenLog } from './log-folder.ts'
import { type ProcessStart, startProcess } from './own-process.ts'
import type { PortRange } from './port-range.ts'
import type { ReaperLink } from './reaper-link.ts'
import { type ReadSpec, readSpec } from './spec.ts'

/** What a launch draws on. */
export interface LaunchSite {
  readonly settings: FleetSettings
  readonly ports: PortRange
  readonly directory: FleetDirectory | undefined
  /** Missing where instances may outlive their owner. */
  readonly reaper: ReaperLink | undefined
  /** Begins the token of every launch. */
  readonly token: string
}

/**
 * Starts one instance. Whatever fails, and wherever the owner dies, no process is left that nobody knows of: the
 * record with its token is on disk, or the reaper runs, before the process does.
 *
 * @throws ChangeoverError `CHANGEOVER_LAUNCH_FAILED` with the system's error as its cause
 */
export async function launchInstance(
  request: LaunchRequest,
  site: LaunchSite,
): Promise<InstanceRun> {
  const spec = readSpec(request.release.spec, process.env)
  checkDirectory(request.id, spec.cwd)
  const port = await takePort(request.id, site)
  let log: OpenLog | undefined
  try {
    await site.reaper?.start()
    log = site.directory?.logs.open(request)
    const record = describe(request, site, port, log?.from ?? 1)
    await site.directory?.save(record)
    return await start(record, spec, site, log)
  } catch (error) {
    site.ports.giveBack(port)
    site.directory?.forget(request.id)
    site.directory?.logs.end(request)
    throw failed(request.id, problemOf(error), error)
  } finally {
    if (log !== undefined) closeSync(log.file)
  }
}

async function start(
  record: InstanceRecord,
  spec: ReadSpec,
  site: LaunchSite,
  log: OpenLog | undefined,
): Promise<InstanceRun> {
  const running = await startProcess(processStart(record, spec, site, log))
  const started = { ...record, process: running.identity }
  try {
    await site.directory?.save(started)
  } catch (error) {
    running.kill()
    site.reaper?.forget((await running.ended, running.identity))
    throw error
  }
  return { record: started, process: running, asked: false, forced: false }
}

function processStart(
  record: InstanceRecord,
  spec: ReadSpec,
  { settings: { keepLines }, directory, reaper }: LaunchSite,
  log: OpenLog | undefined,
): ProcessStart {
  const [file, ...args] = spec.command
  const tail = directory?.logs.tail(record, record.logFrom, keepLines)
  return {
    command: [file, ...args],
    cwd: spec.cwd,
    env: instanceEnvironment(record, spec, process.env),
    log: log && tail && { file: log.file, tail },
    keepLines,
    onStart: (identity) => reaper?.watch(identity),
  }
}

function describe(
  { id, service, release }: LaunchRequest,
  { settings, token }: LaunchSite,
  port: number,
  logFrom: number,
): InstanceRecord {
  const { path = '/readyz', timeoutMs = 2000 } = release.readiness ?? {}
  return {
    id,
    service,
    release: release.id,
    version: release.version,
    readiness: { path, timeoutMs },
    host: settings.host,
    port,
    orphans: settings.orphans,
    token: `${token}.${randomUUID()}`,
    logFrom,
  }
}

async function takePort(id: string, { ports, settings }: LaunchSite): Promise<number> {
  const { from, to } = settings.ports
  const port = await ports.take().catch((error: unknown) => {
    throw failed(id, `cannot listen on host "${settings.host}": ${problemOf(error)}`, error)
  })
  if (port === undefined) throw failed(id, `no port from ${from} to ${to} is free`)
  return port
}

/** The system's own error for a missing directory would blame the command. */
function checkDirectory(id: string, cwd: string | undefined): void {
  if (cwd === undefined || statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) return
  throw failed(id, `spec.cwd "${cwd}" is not a directory`)
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function failed(instance: string, problem: string, cause?: unknown): Error {
  if (cause instanceof ChangeoverError) return cause
  const output = '(none: it was never started)'
  return refuse('CHANGEOVER_LAUNCH_FAILED', { instance, problem, output }, cause)
}
