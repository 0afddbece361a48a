import type { AuditLog } from '../access/access.ts'
import { consoleError } from '../console-error.ts'

/** Remembers the ids of commands, so that each is obeyed once. */
export interface Replays {
  /**
   * Does what the command asks, unless its id was used before or is in use. An id whose command was refused may be used
   * again: nothing came of it.
   *
   * @throws ConsoleError `CHANGEOVER_CONSOLE_REPLAYED`
   */
  readonly once: <T>(id: string, act: () => Promise<T>) => Promise<T>
}

/** Ids kept; the oldest are forgotten. Those of commands to rollouts are in the journal for ever. */
const KEPT = 10_000

/**
 * @param earlier ids that were obeyed before this process began, the newest first; asked for once. Where they cannot be
 *   told the next command asks again, and this one goes on: the engine has the last word on it anyway.
 */
export function createReplays(earlier: () => Promise<readonly string[]>): Replays {
  const ids = new Set<string>()
  let reading: Promise<void> | undefined

  const remember = (): Promise<void> =>
    (reading ??= earlier().then(
      (known) => {
        for (const id of known.toReversed()) ids.add(id)
      },
      () => {
        reading = undefined
      },
    ))

  return {
    async once(id, act) {
      await remember()
      if (ids.has(id)) throw consoleError('CHANGEOVER_CONSOLE_REPLAYED', { id })
      ids.add(id)
      const [oldest] = ids
      if (ids.size > KEPT && oldest !== undefined) ids.delete(oldest)
      try {
        return await act()
      } catch (error) {
        ids.delete(id)
        throw error
      }
    },
  }
}

/** Lines of the audit log that are looked through at the start. */
const LOOKED_THROUGH = 1_000

/** Ids of the commands that the audit log says were obeyed, the newest first. */
export async function obeyedCommands(audit: AuditLog | undefined): Promise<readonly string[]> {
  const entries = (await audit?.read({ limit: LOOKED_THROUGH })) ?? []
  return entries.flatMap(({ outcome, command }) =>
    outcome === 'accepted' && command !== undefined ? [command] : [],
  )
}
