import { randomUUID } from 'node:crypto'
import { type FleetDirectory, openFleetDirectory } from './fleet-directory.ts'
import { adoptProcess } from './adopted-process.ts'
import type { InstanceRecord } from './instance-record.ts'
import type { InstanceRegistry } from './instance-registry.ts'
import type { InstanceRun } from './instance-run.ts'
import type { LaunchSite } from './launch.ts'
import type { FleetSettings } from './options.ts'
import { stopOrphans } from './orphans.ts'
import type { OutputTail } from './output-tail.ts'
import { createPortRange } from './port-range.ts'
import { isRunning } from './process-identity.ts'
import { createReaperLink } from './reaper-link.ts'

/** Opens the directory, if there is one, and deals with what the owner before left there. */
export async function openSite(
  settings: FleetSettings,
  instances: InstanceRegistry,
): Promise<LaunchSite> {
  const { directory: path, logger, orphans, ports, host } = settings
  const token = randomUUID()
  const directory =
    path === undefined ? undefined : await openFleetDirectory(path, settings.logs, logger)
  const orders = {
    owner: process.pid,
    token,
    signal: settings.stopSignal,
    graceMs: settings.stopDeadlineMs,
  }
  const reaper = orphans === 'stop' ? createReaperLink(orders, logger) : undefined
  const site = { settings, ports: createPortRange(ports, host), directory, reaper, token }
  if (directory !== undefined) await takeOver(directory, site, instances)
  return site
}

/** Gives back what a run held. */
export function leaveSite({ record, process }: InstanceRun, site: LaunchSite): void {
  site.ports.giveBack(record.port)
  site.directory?.forget(record.id)
  site.directory?.logs.end(record)
  site.reaper?.forget(process.identity)
}

async function takeOver(
  directory: FleetDirectory,
  site: LaunchSite,
  instances: InstanceRegistry,
): Promise<void> {
  const stays = (record: InstanceRecord): boolean => mayStay(record, site.settings)
  for (const record of directory.leftovers.filter(stays)) adopt(record, directory, site, instances)
  try {
    const others = directory.leftovers.filter((record) => !instances.get(record.id))
    await endOthers(others, directory, site, instances)
    directory.logs.tidy()
  } catch (error) {
    instances.runs().forEach((run) => run.process.detach())
    await directory.release()
    throw error
  }
}

/** An instance outlives its owner only where both owners say so, and only if its launch was completed. */
function mayStay(record: InstanceRecord, { orphans }: FleetSettings): boolean {
  const keep = orphans === 'keep' && record.orphans === 'keep'
  return keep && record.process !== undefined && isRunning(record.process)
}

function adopt(
  record: InstanceRecord,
  directory: FleetDirectory,
  site: LaunchSite,
  instances: InstanceRegistry,
): void {
  if (record.process === undefined) return
  const process = adoptProcess(record.process, tailOf(record, directory, site))
  const run = { record, process, asked: false, forced: false }
  site.ports.reserve(record.port)
  directory.logs.adopt(record, record.logFrom)
  instances.add(run, () => leaveSite(run, site))
  site.settings.logger.info({ instance: record.id, pid: process.identity.pid }, 'instance adopted')
}

async function endOthers(
  records: readonly InstanceRecord[],
  directory: FleetDirectory,
  site: LaunchSite,
  instances: InstanceRegistry,
): Promise<void> {
  const known = records.flatMap(({ process }) => process ?? []).filter(isRunning)
  const tokens = records.map(({ token }) => token)
  const incomplete = records.filter(({ process }) => process === undefined)
  const logs = incomplete.map((record) => directory.logs.path(record))
  const { stopSignal: signal, stopDeadlineMs: graceMs } = site.settings
  await stopOrphans({ known, tokens, logs }, { signal, graceMs })
  for (const record of records) {
    directory.forget(record.id)
    instances.addEnded(record.id, tailOf(record, directory, site).text())
    directory.logs.end(record)
  }
}

function tailOf(record: InstanceRecord, directory: FleetDirectory, site: LaunchSite): OutputTail {
  return directory.logs.tail(record, record.logFrom, site.settings.keepLines)
}
