import type { GateView, RolloutStatus, RolloutView } from '@changeover/console/api'
import { shortSpan } from './amounts.ts'
import type { Mark } from './style.ts'

const STATUSES: Readonly<Record<RolloutStatus, { readonly mark: Mark; readonly text: string }>> = {
  progressing: { mark: 'active', text: 'Progressing' },
  paused: { mark: 'waiting', text: 'Paused' },
  waiting: { mark: 'waiting', text: 'Waiting' },
  held: { mark: 'warning', text: 'Held' },
  'rolling-back': { mark: 'warning', text: 'Rolling back' },
  promoted: { mark: 'done', text: 'Promoted' },
  'rolled-back': { mark: 'failed', text: 'Rolled back' },
  'failed-safe': { mark: 'failed', text: 'Failed safe' },
}

/** A status with its mark. */
export function statusOf(status: RolloutStatus): { readonly mark: Mark; readonly text: string } {
  return STATUSES[status]
}

/** Why it stands where it stands, in one line; undefined where the status says it all. */
export function messageOf(view: RolloutView, now: number): string | undefined {
  const { aborted, failure, paused } = view
  if (aborted) return `given up by ${aborted.by}${aborted.reason ? `: ${aborted.reason}` : ''}`
  if (failure) return `${failure.code}: ${failure.reason}`
  const open = view.direction === 'forward' ? view.gates.find((gate) => gate.open) : undefined
  if (view.status === 'held' && open) return heldMessage(open, view)
  if (paused && view.outcome === undefined)
    return `paused by ${paused.by} for ${shortSpan(now - paused.since)}`
  if (open) return gateMessage(open, view)
  return view.promotedBy === undefined ? undefined : `gates overridden by ${view.promotedBy}`
}

/** What to do goes first: at its end the line may be cut. */
function heldMessage({ gate, verdict }: GateView, { service }: RolloutView): string {
  const why = verdict ? `: ${verdict.reason}` : ''
  return `"${gate}" holds; changeover resume, promote or abort ${service}${why}`
}

function gateMessage(gate: GateView, { service }: RolloutView): string {
  if (gate.kind !== 'approve')
    return `${gate.kind === 'judge' ? 'judging' : 'running hook'} "${gate.gate}"`
  const missing = gate.quorum - gate.approvals.length
  const people = missing === 1 ? '1 approval' : `${missing} approvals`
  return `"${gate.gate}" waits for ${people}: changeover approve ${service}`
}
