import type { CommandName } from '@changeover/engine'
import type { Role } from '../api/index.ts'
import { consoleError } from '../console-error.ts'
import type { Actor } from './access.ts'

/** What may be asked for. `read` is every GET; a plan changes nothing, and yet names what a deploy would do. */
export type Action = 'read' | 'plan' | 'deploy' | 'reload' | CommandName

/** From the least to the most: each one may do what those before it may. */
export const ROLES: readonly Role[] = ['viewer', 'approver', 'operator']

/** The role that each action needs; `assertMay` has what depends on the rollout. */
export const ROLE_FOR: Readonly<Record<Action, Role>> = {
  read: 'viewer',
  approve: 'approver',
  plan: 'operator',
  deploy: 'operator',
  rollback: 'operator',
  pause: 'operator',
  resume: 'operator',
  promote: 'operator',
  abort: 'operator',
  reload: 'operator',
}

export function hasRole(actor: Pick<Actor, 'role'>, role: Role): boolean {
  return ROLES.indexOf(actor.role) >= ROLES.indexOf(role)
}

/**
 * Lets an actor pass that has the role, or one above it.
 *
 * @param action named in the refusal
 * @throws ConsoleError `CHANGEOVER_CONSOLE_UNAUTHENTICATED` (401) for nobody, `CHANGEOVER_CONSOLE_ROLE` (403)
 */
export function requireRole(actor: Actor | undefined, role: Role, action: string): Actor {
  if (actor === undefined) throw consoleError('CHANGEOVER_CONSOLE_UNAUTHENTICATED')
  if (hasRole(actor, role)) return actor
  throw consoleError('CHANGEOVER_CONSOLE_ROLE', {
    action,
    actor: actor.name,
    role: actor.role,
    needed: role,
    when: '',
  })
}
