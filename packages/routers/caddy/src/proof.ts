import type { Proof, Receipt } from '@changeover/engine'
import type { OldServers } from './admin-facts.ts'
import type { RouteState } from './route-state.ts'

/**
 * After so long no server of an earlier configuration takes a request any more: Go closes connections on which none came for
 * 5 s, counts in whole seconds, and looks twice a second.
 */
export const OLD_SERVERS_END_MS = 7_000

/** What is known when a proof is given. */
export interface ProofInput {
  readonly receipt: Pick<Receipt, 'revision' | 'outcome'>
  readonly state: Exclude<RouteState, { kind: 'unreadable' }>
  /** Undefined where Caddy does not tell. */
  readonly old: OldServers | undefined
  /** For how long the state is known to be what it is. */
  readonly heldMs: number
  /** Marks that clients were answered with; undefined where none was asked. */
  readonly marks: readonly (string | undefined)[] | undefined
}

/** A proof, or what is still awaited. */
export type ProofState = Proof & { readonly final: boolean }

/** Whether every new request follows the table of the receipt. Pure. */
export function judgeProof(input: ProofInput): ProofState {
  const { receipt, state, old, heldMs, marks } = input
  const { revision, outcome } = receipt
  const not = (evidence: string, final: boolean): ProofState => {
    return { revision, converged: false, level: 'accepted', evidence, final }
  }
  if (outcome === 'rejected' || outcome === 'unreachable') return not(`it was ${outcome}`, true)
  const kept = state.kind === 'route' ? state.kept : undefined
  const inForce = kept?.table.revision ?? 0
  if (inForce !== revision)
    return not(`revision ${inForce} is in force`, outcome === 'applied' || inForce > revision)
  if (state.kind !== 'route' || !kept || !state.whole) return not(CHANGED, true)
  const ended = oldServersEnd(old, heldMs)
  if (!ended.over) return not(ended.evidence, false)
  const programmed = `the configuration of Caddy is that of table ${revision}; ${ended.evidence}`
  if (!marks) return { ...not(programmed, true), converged: true, level: 'programmed' }
  const others = marks.filter((mark) => mark !== kept.mark).length
  if (others > 0)
    return not(
      `${others} of ${marks.length} new connections were not answered by table ${revision}`,
      false,
    )
  const evidence = `${programmed}; ${marks.length} new connections were answered by it`
  return { revision, converged: true, level: 'observed', evidence, final: true }
}

/** What is wrong with routes that do not belong to their record. */
export const CHANGED = 'the routes in Caddy are not those of the table: somebody changed them'

/** Whether no connection is left on which an earlier configuration could answer a new request. Pure. */
export function oldServersEnd(
  old: OldServers | undefined,
  heldMs: number,
): { readonly over: boolean; readonly evidence: string } {
  if (old && old.cleartext > 0)
    return {
      over: false,
      evidence: `${old.cleartext} sessions of HTTP/2 without TLS may belong to an earlier configuration`,
    }
  if (old?.stopping === 0 && old.listening === 0)
    return { over: true, evidence: 'no earlier server of it runs' }
  if (old?.unused === 0 && old.listening === 0)
    return {
      over: true,
      evidence: `${old.stopping} earlier servers end the requests that they have, and no connection waits for a first one`,
    }
  if (heldMs >= OLD_SERVERS_END_MS)
    return { over: true, evidence: `earlier servers took no request any more, ${heldMs} ms later` }
  const evidence = old
    ? `${old.stopping} earlier servers still end, and ${old.unused} connections wait for a first request`
    : 'earlier servers may still end'
  return { over: false, evidence }
}
