import { setTimeout as sleep } from 'node:timers/promises'
import {
  createFenceCheck,
  type Fleet,
  type Instance,
  type LaunchRequest,
  type Readiness,
  type StopOptions,
} from '@changeover/engine'
import { fleetError } from './fleet-error.ts'
import { leaveSite, openSite } from './fleet-site.ts'
import { toInstance } from './instance-record.ts'
import { createInstanceRegistry, type InstanceRegistry } from './instance-registry.ts'
import { type LogWish, readLogs, readLogWish } from './instance-logs.ts'
import { type InstanceRun, stopRun } from './instance-run.ts'
import { launchInstance, type LaunchSite } from './launch.ts'
import { type FleetSettings, type ProcessFleetOptions, readOptions } from './options.ts'
import { probeReadiness } from './readiness-probe.ts'
import { describeEnd } from './running-process.ts'
import { createSingleFlight } from './single-flight.ts'
import { readSpec } from './spec.ts'

/** A fleet whose instances are child processes on this machine. */
export interface ProcessFleet extends Required<Fleet> {
  /**
   * Takes over the directory: adopts or ends what an owner before left in it. Happens with the first use anyway.
   *
   * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` where the directory cannot be made,
   * `CHANGEOVER_PROCESS_DIRECTORY_OWNED`, `CHANGEOVER_PROCESS_STATE_UNREADABLE`
   */
  open(): Promise<void>
  /**
   * The last lines that an instance printed, over all its runs and rotated files; also of one that ended a while ago.
   * Without a `directory`, the last `keepLines` lines at most.
   *
   * @throws ChangeoverError `CHANGEOVER_PROCESS_INSTANCE_UNKNOWN`, `CHANGEOVER_OPTION_INVALID`
   */
  logs(service: string, instance: string, wish?: LogWish): Promise<string>
  /**
   * With `orphans: 'stop'` ends all instances and resolves when nothing is left of them; with `'keep'` lets go of them.
   * Calling it again answers with the same promise.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A fleet whose instances are child processes on this machine. A release's `spec` is a `ProcessSpec`.
 *
 * - Each instance is told by `PORT` and `HOST` where to listen, and leads a process group of its own.
 * - `launch` heeds an aborted signal only before it starts anything.
 * - `stop` asks with `stopSignal`; at the deadline it kills the instance with all that it started. Where its signal is
 *   aborted it rejects with the reason; an instance that was asked already is still stopped, by the deadline at the
 *   latest.
 * - Instances do not keep the owner's event loop running: an owner that has nothing else to do ends, and with
 *   `orphans: 'stop'` its instances end too.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`, `CHANGEOVER_PROCESS_PLATFORM`
 * @example
 * ```ts
 * const fleet = processFleet({ directory: '/var/lib/shop' })
 * const release = { id: 'r7', version: '2.4.0', spec: { command: ['node', 'server.js'] } }
 * const instance = await fleet.launch({ id: 'shop-1', service: 'shop', release, fence: 1 })
 * await fleet.probe(instance) // { ready: true }
 * await fleet.stop(instance, { deadline: 30_000 })
 * ```
 */
export function processFleet(options: ProcessFleetOptions = {}): ProcessFleet {
  const settings = readOptions(options)
  const instances = createInstanceRegistry(settings.logger)
  const launches = createSingleFlight<Instance>()
  const checkFence = createFenceCheck()
  let site: Promise<LaunchSite> | undefined
  let closing: Promise<void> | undefined

  const opened = (call: string): Promise<LaunchSite> => {
    if (closing !== undefined) throw closed(call)
    site ??= openSite(settings, instances).catch((error: unknown) => {
      site = undefined
      throw error
    })
    return site
  }
  const start = async (request: LaunchRequest): Promise<Instance> => {
    const site = await opened('launch')
    const current = instances.get(request.id)
    if (current?.asked === false && current.process.alive()) return toInstance(current.record)
    await current?.process.ended
    checkFence(request.service, request.fence)
    return launchRun(request, site, instances)
  }
  const close = (): Promise<void> =>
    (closing ??= launches.settled().then(() => closeSite(site, settings, instances)))

  return {
    name: 'process',
    check: (release) => void readSpec(release.spec, process.env),
    open: async () => void (await opened('open')),
    async launch(request, { signal } = {}) {
      signal?.throwIfAborted()
      readSpec(request.release.spec, process.env)
      const instance = await launches.run(request.id, () => start(request))
      return checkSame(request, instance)
    },
    async probe(instance, options) {
      await opened('probe')
      const run = instances.get(instance.id)
      return run === undefined ? instances.ended(instance.id).readiness : probeRun(run, options)
    },
    async stop({ id, service }, options) {
      await opened('stop')
      await launches.settled(id)
      options.signal?.throwIfAborted()
      checkFence(service, options.fence)
      const run = instances.get(id)
      if (run !== undefined) await obey(run, settings, options)
      return instances.ended(id).stop
    },
    async list(service) {
      await opened('list')
      return running(service, instances)
    },
    logs: async (service, id, wish = {}) =>
      readLogs({ service, id }, readLogWish(wish), await opened('logs'), instances),
    watch: (service, listener) => instances.watch(service, listener),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function running(service: string, instances: InstanceRegistry): readonly Instance[] {
  const runs = instances.runs().filter(({ record }) => record.service === service)
  return runs.filter(({ process }) => process.alive()).map(({ record }) => toInstance(record))
}

async function launchRun(
  request: LaunchRequest,
  site: LaunchSite,
  instances: InstanceRegistry,
): Promise<Instance> {
  const run = await launchInstance(request, site)
  instances.add(run, () => leaveSite(run, site))
  const instance = toInstance(run.record)
  site.settings.logger.info({ instance, pid: run.process.identity.pid }, 'instance launched')
  return instance
}

/** How long after a cut connection the end of the process has shown. */
const END_SHOWS_AFTER_MS = 250

async function probeRun(
  { record, process }: InstanceRun,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Readiness> {
  const { path, timeoutMs } = record.readiness
  const url = new URL(path, `http://${toInstance(record).address}`).href
  const { readiness, cut } = await probeReadiness({ url, timeoutMs }, options)
  // The kernel closes the connections of a process some time before it tells of its end.
  if (cut) await Promise.race([process.ended, sleep(END_SHOWS_AFTER_MS, undefined, { ref: false })])
  // Asked after the probe: a refused connection may be the end of the instance, and an answer from its port then is
  // not its own.
  if (!process.alive()) {
    const end = await process.ended
    return { ready: false, exited: true, reason: describeEnd(end), output: end.output }
  }
  return readiness.ready ? readiness : { ...readiness, output: process.output() }
}

async function closeSite(
  opening: Promise<LaunchSite> | undefined,
  { orphans, stopSignal, stopDeadlineMs }: FleetSettings,
  instances: InstanceRegistry,
): Promise<void> {
  const site = await opening?.catch(() => undefined) // Who opened it was told.
  const runs = instances.runs()
  const ending = orphans === 'stop' ? runs : runs.filter(({ asked }) => asked)
  const orders = { signal: stopSignal, deadlineMs: stopDeadlineMs }
  await Promise.all(ending.map((run) => stopRun(run, orders)))
  instances.runs().forEach(({ process }) => process.detach())
  await site?.reaper?.close()
  site?.ports.close()
  await site?.directory?.release()
}

function checkSame({ id, service, release }: LaunchRequest, instance: Instance): Instance {
  if (instance.service === service && instance.release === release.id) return instance
  throw fleetError('CHANGEOVER_PROCESS_INSTANCE_TAKEN', {
    id,
    service,
    release: release.id,
    instance,
    running: instance.release,
    owner: instance.service,
  })
}

function closed(call: string): Error {
  return fleetError('CHANGEOVER_PROCESS_FLEET_CLOSED', { call })
}

function obey(
  run: InstanceRun,
  { stopSignal }: FleetSettings,
  { deadline, signal }: StopOptions,
): Promise<void> {
  return unlessAborted(stopRun(run, { signal: stopSignal, deadlineMs: deadline }), signal)
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
