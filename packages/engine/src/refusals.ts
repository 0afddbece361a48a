import { ChangeoverError } from './changeover-error.ts'
import type { CommandName } from './command.ts'
import type { EntryBody } from './journal.ts'
import type { RolloutState } from './rollout-state.ts'

/** A command that was refused, as it was asked. */
export interface RefusedCommand {
  readonly command: CommandName
  readonly by: string
  readonly gate?: string
}

/** Whoever asks again and again must not fill the journal. */
const MOST = 100
const LONGEST = { by: 200, gate: 200, reason: 1_000 }

/**
 * Journals refusals with their actor: each once for a step, and no more than a hundred for a rollout. Never rejects, since
 * whoever was refused is to be told why.
 */
export function refusalJournal(
  state: RolloutState,
  record: (body: EntryBody) => Promise<void>,
): (asked: RefusedCommand, error: unknown) => Promise<void> {
  const told = new Set<string>()
  let left = MOST - state.refusals
  return async ({ command, by, gate }, error) => {
    if (!(error instanceof ChangeoverError)) return
    const { code, message } = error
    const key = JSON.stringify([state.direction, state.position, command, by, code])
    if (left <= 0 || told.has(key)) return
    left -= 1
    told.add(key)
    // Where it cannot be appended, the rollout is let go of by that.
    await record({
      type: 'refused',
      command,
      by: by.slice(0, LONGEST.by),
      code,
      reason: message.slice(0, LONGEST.reason),
      ...(gate === undefined ? {} : { gate: gate.slice(0, LONGEST.gate) }),
    }).catch(() => undefined)
  }
}
