import { refuse } from './changeover-error.ts'
import { chainProblem, type Entry } from './journal.ts'

/** The entry as one line of JSON, its newline included. JSON has no raw newline, so a line is always one entry. */
export function encodeLine(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`
}

/** The entry that `line` (without its newline) holds, unchecked, or undefined where it holds none. */
export function decodeLine(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isEntry(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** What is wrong with `entry` as the successor of `previous` in the journal of `rollout`, if anything. Pure. */
export function entryProblem(
  entry: Entry | undefined,
  rollout: string,
  previous: Entry | undefined,
): string | undefined {
  if (entry === undefined) return 'it is not an entry'
  const problem = chainProblem(entry, previous)
  if (problem !== undefined || entry.rollout === rollout) return problem
  return `it belongs to rollout "${entry.rollout}"`
}

/** What is wrong with `entry` where nothing is known about the one before it. Pure. */
export function loneEntryProblem(entry: Entry | undefined, rollout: string): string | undefined {
  if (entry === undefined || entry.seq === 0) return entryProblem(entry, rollout, undefined)
  return entryProblem(entry, rollout, { ...entry, seq: entry.seq - 1, hash: entry.prev })
}

/**
 * Lets `entries` pass as what comes after `last` in the journal of `rollout`. Pure.
 *
 * @throws ChangeoverError `CHANGEOVER_CONFLICT` where the journal does not stand at `expectedSeq`,
 *   `CHANGEOVER_FENCE_STALE` for an engine that no longer leads, `CHANGEOVER_ENTRY_INVALID` where an entry would break the chain
 */
export function checkAppend(
  rollout: string,
  expectedSeq: number,
  last: Entry | undefined,
  entries: readonly Entry[],
): void {
  const actual = (last?.seq ?? -1) + 1
  if (actual !== expectedSeq)
    throw refuse('CHANGEOVER_CONFLICT', { rollout, actual, expected: expectedSeq })
  checkFences(rollout, last?.fence ?? 0, entries)
  for (const [index, entry] of entries.entries()) {
    const problem = entryProblem(entry, rollout, index === 0 ? last : entries[index - 1])
    if (problem !== undefined)
      throw refuse('CHANGEOVER_ENTRY_INVALID', { rollout, seq: actual + index, problem })
  }
}

function checkFences(rollout: string, fence: number, entries: readonly Entry[]): void {
  const stale = entries.find((entry) => entry.fence < fence)
  if (!stale) return
  const current = `fence ${fence}`
  throw refuse('CHANGEOVER_FENCE_STALE', { fence: stale.fence, service: rollout, current })
}

/** Looks at the links of the chain only: the hash vouches for everything else. */
function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false
  return ['v', 'rollout', 'seq', 'at', 'fence', 'type', 'prev', 'hash'].every((key) => key in value)
}
