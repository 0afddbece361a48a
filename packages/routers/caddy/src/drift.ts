import { CHANGED } from './proof.ts'
import type { KeptRecord, RouteState } from './route-state.ts'

type Known = Exclude<RouteState, { kind: 'unreadable' }>

/** What differs from the table last applied; empty where nothing does, or this adapter applied none. Pure. */
export function driftOf(state: Known, appliedRevision: number): string[] {
  if (state.kind === 'route' && state.kept) return state.whole ? [] : [CHANGED]
  return appliedRevision === 0 ? [] : [forgotten(appliedRevision)]
}

function forgotten(revision: number): string {
  return `Caddy knows nothing of table ${revision}: it restarted and forgot, or somebody replaced its configuration`
}

/** What a watcher is told of a state after the one before; empty where it is the same, or was brought about by this adapter. Pure. */
export function newsOf(
  before: KeptRecord | undefined,
  state: Known,
  appliedRevision: number,
): string[] {
  const drift = driftOf(state, before?.table.revision ?? appliedRevision)
  if (drift.length > 0) return drift
  const now = state.kind === 'route' ? state.kept : undefined
  if (!now || now.mark === before?.mark) return []
  const { revision, fence } = now.table
  return revision === appliedRevision || before === undefined
    ? []
    : [`table ${revision} under fence ${fence} is in force, by somebody else`]
}
