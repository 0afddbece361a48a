export { ERROR_CODES, type ProcessFleetErrorCode } from './fleet-error.ts'
export type { PortSpan, ProcessFleetOptions } from './options.ts'
export { processFleet, type ProcessFleet } from './process-fleet.ts'
export type { ProcessSpec } from './spec.ts'
