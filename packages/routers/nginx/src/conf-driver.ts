import type { ObservedRoutes, Receipt, RouteTable } from '@changeover/engine'
import { confCapabilities } from './capabilities.ts'
import { confLook, type Look } from './conf-look.ts'
import { convergeByWorkers } from './conf-converge.ts'
import { drainByWorkers } from './conf-drain.ts'
import { prepareFiles } from './prepare.ts'
import type { DriverParts } from './driver-parts.ts'
import { inForce } from './in-force.ts'
import { nextStep } from './next-step.ts'
import { reload } from './reload.ts'
import { routerError } from './router-error.ts'
import {
  type Answer,
  APPLIED,
  indeterminate,
  rejected,
  type ServiceDriver,
  unreachable,
} from './service-driver.ts'
import { writeSwitch } from './service-files.ts'
import { problemOf } from './problem-of.ts'

/** Drives a service by its configuration file: modes `reload` and `file`. */
export function confDriver(parts: DriverParts): ServiceDriver {
  const { service, settings } = parts
  const look = (signal?: AbortSignal): Promise<Look> => confLook(parts, signal)

  async function apply(table: RouteTable, held: () => Promise<boolean>): Promise<Answer> {
    const seen = await look()
    if (!seen.master)
      return unreachable(`nginx does not run: no master process by ${settings.pidFile}`)
    const next = nextStep(settings.mode, seen, table)
    if (next.step === 'refuse') return rejected(next.reason)
    if (next.step === 'nothing') return APPLIED
    if (!(await held())) return indeterminate('another adapter took over the lock')
    if (next.step === 'flip') return flip(table, next.switched, seen)
    return reload(parts, { table, seen, held })
  }

  async function flip(table: RouteTable, switched: boolean, seen: Look): Promise<Answer> {
    const digest = seen.marker?.digest ?? ''
    try {
      await writeSwitch(settings.directory, digest, { table, switched })
    } catch (error) {
      return rejected(`the flag could not be written (${problemOf(error)})`)
    }
    const { marker } = await look()
    if (marker?.switched === switched && marker.digest === digest) return APPLIED
    return indeterminate('nginx does not see the flag as it was written')
  }

  return {
    probe: async (signal) => confCapabilities(parts, await answering(look, parts, 'probe', signal)),
    observe: async (signal) => observed(service, await answering(look, parts, 'observe', signal)),
    apply: async (table, held) => receipt(table, await apply(table, held)),
    converge: (one, options) => convergeByWorkers(parts, one, options),
    drain: (instances, options) => drainByWorkers(parts, instances, options),
    prepare: () => prepareFiles(parts),
  }
}

/** What was seen, where nginx answers. */
async function answering(
  look: (signal?: AbortSignal) => Promise<Look>,
  { settings }: DriverParts,
  call: string,
  signal: AbortSignal | undefined,
): Promise<Look> {
  const seen = await look(signal)
  if (seen.master && seen.marker) return seen
  const problem = seen.master
    ? (seen.problem ?? 'it does not answer')
    : `no master process by ${settings.pidFile}`
  throw routerError('CHANGEOVER_NGINX_UNREACHABLE', { call, problem, where: settings.directory })
}

function observed(service: string, seen: Look): ObservedRoutes {
  const { table, drift } = inForce(seen)
  const { revision, fence } = table ?? seen.marker ?? { revision: 0, fence: 0 }
  return {
    service,
    table: revision === 0 ? undefined : table,
    revision,
    fence,
    converged: drift.length === 0 && seen.oldWorkers === 0,
    drift,
  }
}

function receipt({ service, revision }: RouteTable, answer: Answer): Receipt {
  return { service, revision, ...answer }
}
