import type {
  DrainReport,
  ObservedRoutes,
  Proof,
  Receipt,
  RouterCapabilities,
  RouteTable,
  TrafficSample,
  WaitOptions,
} from '@changeover/engine'

/** How one service is driven in one of the modes. */
export interface ServiceDriver {
  readonly probe: (signal?: AbortSignal) => Promise<RouterCapabilities>
  readonly observe: (signal?: AbortSignal) => Promise<ObservedRoutes>
  /** Puts an accepted table in force. The writer's lock is held by the caller. */
  readonly apply: (table: RouteTable, held: () => Promise<boolean>) => Promise<Receipt>
  readonly converge: (receipt: Receipt, options: WaitOptions) => Promise<Proof>
  readonly drain: (instances: readonly string[], options: WaitOptions) => Promise<DrainReport>
  readonly traffic?: (signal?: AbortSignal) => Promise<TrafficSample>
  /** Writes the files that nginx's own configuration includes, where they are not there yet. */
  readonly prepare: () => Promise<void>
}

/** An outcome without the stamps of its table. */
export interface Answer {
  readonly outcome: Receipt['outcome']
  readonly reason?: string
}

export const APPLIED: Answer = { outcome: 'applied' }

export function rejected(reason: string): Answer {
  return { outcome: 'rejected', reason }
}

export function indeterminate(reason: string): Answer {
  return { outcome: 'indeterminate', reason }
}

export function unreachable(reason: string): Answer {
  return { outcome: 'unreachable', reason }
}

/** No table yet. */
export function emptyTable(service: string): RouteTable {
  return { service, revision: 0, fence: 0, pools: [] }
}
