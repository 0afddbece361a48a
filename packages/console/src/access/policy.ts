import type { GateView } from '../api/index.ts'
import { consoleError } from '../console-error.ts'
import type { Actor } from './access.ts'
import { sameActor } from './actor-name.ts'
import { type Action, hasRole, requireRole, ROLE_FOR } from './roles.ts'

/** What a command is about. A `RolloutView` fits. */
export interface Concern {
  /** Who asked for the rollout; undefined where nobody is known. */
  readonly by: string | undefined
  readonly gates: readonly Pick<
    GateView,
    'gate' | 'kind' | 'open' | 'quorum' | 'approvals' | 'notRequester'
  >[]
}

/** What the service was set up with, and what the command names. */
export interface Terms {
  /** @default false */
  readonly fourEyes?: boolean
  /** The gate that an approval names. @default any */
  readonly gate?: string
}

/**
 * Lets an actor do `action`, to the rollout `about` where it is about one. Pure.
 *
 * An approver may give a rollout up while it waits for an approval: that is what "reject" is. With four eyes, whoever
 * asked for a rollout neither approves nor promotes it; and where a gate asks for somebody else's approval, promoting
 * does not lead around it.
 *
 * @throws ConsoleError `CHANGEOVER_CONSOLE_UNAUTHENTICATED` (401), `CHANGEOVER_CONSOLE_ROLE` (403),
 *   `CHANGEOVER_CONSOLE_FOUR_EYES` (403)
 */
export function assertMay(
  actor: Actor | undefined,
  action: Action,
  about?: Concern,
  terms: Terms = {},
): Actor {
  const known = mayReject(actor, action, about)
  if (about !== undefined && needsOther(known, action, about, terms))
    throw consoleError('CHANGEOVER_CONSOLE_FOUR_EYES', { action, actor: known.name })
  return known
}

function mayReject(actor: Actor | undefined, action: Action, about: Concern | undefined): Actor {
  if (action !== 'abort' || about === undefined || actor === undefined)
    return requireRole(actor, ROLE_FOR[action], action)
  if (hasRole(actor, ROLE_FOR.approve) && about.gates.some(waitsForApproval)) return actor
  if (hasRole(actor, ROLE_FOR.abort)) return actor
  throw consoleError('CHANGEOVER_CONSOLE_ROLE', {
    action,
    actor: actor.name,
    role: actor.role,
    needed: ROLE_FOR.abort,
    when: `, or ${ROLE_FOR.approve} while the rollout waits for an approval`,
  })
}

function needsOther(actor: Actor, action: Action, about: Concern, terms: Terms): boolean {
  if (action !== 'approve' && action !== 'promote') return false
  if (about.by === undefined || !sameActor(about.by, actor.name)) return false
  return terms.fourEyes === true || about.gates.some((gate) => asksForOther(gate, action, terms))
}

/** Whether the gate, as far as the action would go through it, is still to get somebody else's approval. */
function asksForOther(gate: Concern['gates'][number], action: Action, terms: Terms): boolean {
  if (!gate.notRequester || gate.approvals.length >= gate.quorum) return false
  if (action === 'promote') return true
  return terms.gate === undefined ? gate.open : gate.gate === terms.gate
}

function waitsForApproval({ kind, open }: Concern['gates'][number]): boolean {
  return kind === 'approve' && open
}
