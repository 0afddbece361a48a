export { auditExecutions, type ExecutionAudit } from './execution-audit.ts'
export type { LoadResponse } from './http-exchange.ts'
export type { Latency } from './latency-histogram.ts'
export type { OpenLoopLoadOptions } from './load-options.ts'
export { formatLoadReport, type LoadFailure, type LoadReport } from './load-report.ts'
export type { LoadRequest } from './load-request.ts'
export { openLoopLoad, type OpenLoopLoad } from './open-loop-load.ts'
export type { Failure, FailureClass } from './request-outcome.ts'
export type { ConformanceOptions, ConformanceSubject } from './conformance-case.ts'
export { fleetConformance } from './fleet-conformance.ts'
export type { FleetSubject, ReleaseKind } from './fleet-subject.ts'
export { routerConformance } from './router-conformance.ts'
export type { RouterSubject } from './router-subject.ts'
export { storeConformance } from './store-conformance.ts'
export type { StoreSubject } from './store-subject.ts'
export type { TracePoint } from './observer.ts'
export {
  simulate,
  type SimulatedFaults,
  type Simulation,
  type SimulationOptions,
} from './simulate.ts'
export { virtualClock, type VirtualClock } from './virtual-clock.ts'
export type { World } from './world.ts'
