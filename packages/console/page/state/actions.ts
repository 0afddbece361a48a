import type { ActorView, GateView, Role, RolloutView } from '../../src/api/index.ts'

/** What a person may ask of a rollout here. */
export type ActionName =
  | 'approve'
  | 'reject'
  | 'pause'
  | 'resume'
  | 'promote'
  | 'abort'
  | 'rollback'

/** A button: what it does, and why it may not be pressed. */
export interface Action {
  readonly name: ActionName
  /** Why not; undefined where it may be. */
  readonly refusal: string | undefined
}

const rank: Readonly<Record<Role, number>> = { viewer: 0, approver: 1, operator: 2 }

/** Whether somebody with `role` may do what `needed` may. */
function may(role: Role, needed: Role): boolean {
  return rank[role] >= rank[needed]
}

/** Why `actor` may not do what needs this role. */
export function roleRefusal(actor: ActorView, needed: Role): string | undefined {
  return may(actor.role, needed)
    ? undefined
    : `only ${needed === 'approver' ? 'approvers and operators' : 'operators'} may do this; you are signed in as ${actor.role}.`
}

/** The gate that waits for people now. */
export function openApproval(view: RolloutView): GateView | undefined {
  return view.gates.find(({ kind, open }) => kind === 'approve' && open)
}

/** The buttons of a rollout, in their order. The server decides; this only says beforehand what it will say. */
export function actionsOf(view: RolloutView, actor: ActorView): readonly Action[] {
  const running = view.outcome === undefined
  if (!running) return [action('rollback', finishedRefusal(view) ?? roleRefusal(actor, 'operator'))]
  const gate = openApproval(view)
  const operator = roleRefusal(actor, 'operator')
  const back = view.direction === 'back' ? 'it is on its way back already.' : undefined
  const stands = view.paused !== undefined || view.status === 'held'
  return [
    ...(gate ? [action('approve', approveRefusal(view, gate, actor))] : []),
    ...(gate ? [action('reject', back ?? roleRefusal(actor, 'approver'))] : []),
    stands
      ? action('resume', back ?? windowRefusal(view) ?? operator)
      : action('pause', back ?? operator),
    action('promote', back ?? promotedRefusal(view) ?? promoterRefusal(view, actor) ?? operator),
    action('abort', back ?? operator),
    action('rollback', back ?? operator),
  ]
}

function action(name: ActionName, refusal: string | undefined): Action {
  return { name, refusal }
}

function approveRefusal(view: RolloutView, gate: GateView, actor: ActorView): string | undefined {
  if ((gate.notRequester || view.fourEyes === true) && isRequester(view, actor))
    return 'you asked for this rollout; somebody else has to approve it.'
  if (gate.approvals.includes(actor.name)) return 'you have approved already.'
  return roleRefusal(actor, 'approver')
}

function promoterRefusal(view: RolloutView, actor: ActorView): string | undefined {
  const asksForOther = view.gates.some(
    ({ notRequester, approvals, quorum }) => notRequester && approvals.length < quorum,
  )
  if (!isRequester(view, actor) || !(asksForOther || view.fourEyes === true)) return undefined
  return 'you asked for this rollout; somebody else has to promote it.'
}

/** Nobody gets a second pair of eyes by a capital letter. */
function isRequester({ by }: RolloutView, { name }: ActorView): boolean {
  return by?.toLowerCase() === name.toLowerCase()
}

function windowRefusal({ paused }: RolloutView): string | undefined {
  return paused?.by === 'the window'
    ? 'it goes on by itself when its window opens; promote overrides that.'
    : undefined
}

function promotedRefusal({ promotedBy }: RolloutView): string | undefined {
  return promotedBy === undefined ? undefined : `${promotedBy} has promoted it already.`
}

function finishedRefusal({ outcome, from }: RolloutView): string | undefined {
  if (outcome === 'rolled-back') return 'it was rolled back already.'
  if (outcome === 'promoted' && from === undefined) return 'there was no release before it.'
  return undefined
}
