import type { Instance, LaunchRequest, Readiness, StopReport } from '@changeover/engine'
import { patience, type Patience } from './case-patience.ts'
import type { ConformanceCase } from './conformance-case.ts'
import type { FleetSubject, ReleaseKind } from './fleet-subject.ts'

/** What an instance is launched as. */
export interface LaunchWish {
  /** @default 'ready' */
  readonly kind?: ReleaseKind
  /** @default 1 */
  readonly copy?: number
  /** @default the subject's */
  readonly service?: string
}

/** A fleet on the bench. */
export interface FleetBench extends Omit<FleetSubject, 'patience'> {
  readonly patience: Patience
  /** The request for an instance; the same wish is the same request. */
  readonly request: (wish?: LaunchWish) => LaunchRequest
  readonly launch: (wish?: LaunchWish) => Promise<Instance>
  /** Stops an instance, with all the time that it may need. */
  readonly stop: (instance: Instance) => Promise<StopReport>
  /** Probes the instance until its readiness is as `wanted`. */
  readonly probeUntil: (
    what: string,
    instance: Instance,
    wanted: (readiness: Readiness) => boolean,
  ) => Promise<Readiness>
  /** Ids of the instances in the fleet's list. */
  readonly listed: (service?: string) => Promise<readonly string[]>
}

/** One sentence about every fleet, and how it is checked. */
export type FleetCase = ConformanceCase<FleetBench>

/** Puts a fleet on the bench. */
export function fleetBench(subject: FleetSubject): FleetBench {
  const { fleet, service: own, release } = subject
  const patient = patience(subject.patience ?? '20s')
  const request = ({ kind = 'ready', copy = 1, service = own }: LaunchWish = {}): LaunchRequest => {
    return { id: `${service}-${kind}-${copy}`, service, release: release(kind), fence: 1 }
  }
  return {
    ...subject,
    patience: patient,
    request,
    launch: (wish) => fleet.launch(request(wish)),
    stop: (instance) => patient.soon('stop ends', fleet.stop(instance, { deadline: patient.ms })),
    probeUntil: (what, instance, wanted) =>
      patient.eventually(what, async () => {
        const readiness = await fleet.probe(instance)
        return wanted(readiness) && readiness
      }),
    async listed(service = own) {
      return (await fleet.list(service)).map(({ id }) => id).sort()
    },
  }
}
