import type { RouteState } from './route-state.ts'

/** What an adapter knows of a service beside what Caddy says: only to tell that something changed, never what is in force. */
export interface ServiceMemory {
  /** The revision last applied through this adapter; 0 for none. */
  appliedRevision: number
  /** The state last seen, and since when. */
  mark: string | undefined
  since: number
}

export function serviceMemory(): ServiceMemory {
  return { appliedRevision: 0, mark: undefined, since: 0 }
}

/** For how long the state has been seen to be what it is. */
export function heldMs(memory: ServiceMemory, state: RouteState, now: number): number {
  const mark = state.kind === 'route' ? state.kept?.mark : undefined
  if (memory.mark !== mark || mark === undefined) Object.assign(memory, { mark, since: now })
  return now - memory.since
}
