import type { Logger } from 'pino'
import type { Actor, AuditLog } from '../access/access.ts'
import { networkOf } from '../access/rate-limit.ts'
import type { Problem } from './problem.ts'
import { createRefusalThrottle } from './refusal-throttle.ts'

/** Something that was asked for. */
export interface Asked {
  readonly actor: Actor | undefined
  /** Address of the other side, where nobody is known. */
  readonly from: string | undefined
  readonly action: string
  /** Service or rollout. */
  readonly target: string | undefined
  /** As the sender gave them. */
  readonly command: string | undefined
  readonly reason: string | undefined
}

/** Tells the audit log, and the console's own log, who asked for what and what came of it. Never rejects. */
export interface Trail {
  accepted(asked: Asked): Promise<void>
  refused(asked: Asked, problem: Problem): Promise<void>
}

export function createTrail(
  { audit, logger }: { readonly audit: AuditLog | undefined; readonly logger: Logger },
  now: () => number,
): Trail {
  const throttle = createRefusalThrottle()

  async function record(entry: Parameters<AuditLog['record']>[0]): Promise<void> {
    const { actor, action, target, code } = entry
    logger.info({ actor, action, target, code }, entry.outcome)
    try {
      await audit?.record(entry)
    } catch (error) {
      logger.error({ err: error, actor, action, target }, 'the audit log was not written')
    }
  }

  return {
    accepted: (asked) =>
      record({ ...whoOf(asked), outcome: 'accepted', code: undefined, reason: asked.reason }),
    async refused(asked, { code, message }) {
      const counted = asked.actor ? { unrecorded: 0 } : throttle.count(networkOf(asked.from), now())
      if (!counted) return
      const { unrecorded } = counted
      const before = unrecorded > 0 ? ` (${unrecorded} more from there before)` : ''
      await record({ ...whoOf(asked), outcome: 'refused', code, reason: `${message}${before}` })
    },
  }
}

function whoOf({
  actor,
  from,
  action,
  command,
  target,
}: Asked): Pick<
  Parameters<AuditLog['record']>[0],
  'actor' | 'via' | 'from' | 'action' | 'command' | 'target'
> {
  return {
    actor: actor?.name ?? 'nobody',
    via: actor?.via ?? 'none',
    from: actor ? actor.from : from,
    action,
    ...(command === undefined ? {} : { command }),
    target,
  }
}
