import { createHash } from 'node:crypto'
import { GENESIS_HASH } from '@changeover/engine'
import type { AuditEntry } from '../api/index.ts'

/** What is recorded; the log itself adds the rest. */
export type AuditRecord = Omit<AuditEntry, 'seq' | 'at' | 'prev' | 'hash'>

/** The end of a chain. */
export type AuditLink = Pick<AuditEntry, 'seq' | 'hash'>

export const AUDIT_START: AuditLink = { seq: -1, hash: GENESIS_HASH }

/** Characters that are kept of each text; what asks is not to decide how large the log gets. */
const LONGEST = {
  actor: 100,
  from: 100,
  action: 100,
  command: 100,
  target: 300,
  code: 100,
  reason: 1_000,
}

/** Makes `record` the entry after `last`. Pure. */
export function chainRecord(record: AuditRecord, at: number, last: AuditLink): AuditEntry {
  const { actor, via, from, action, command, target, outcome, code, reason } = record
  const unsigned = {
    seq: last.seq + 1,
    at,
    actor: actor.slice(0, LONGEST.actor),
    via,
    from: from?.slice(0, LONGEST.from),
    action: action.slice(0, LONGEST.action),
    ...(command === undefined ? {} : { command: command.slice(0, LONGEST.command) }),
    target: target?.slice(0, LONGEST.target),
    outcome,
    code: code?.slice(0, LONGEST.code),
    reason: reason?.slice(0, LONGEST.reason),
    prev: last.hash,
  }
  return { ...unsigned, hash: hashOfEntry(unsigned) }
}

/** The entry as one line. JSON has no raw newline, so that nothing in an entry makes another one. */
export function encodeAuditLine(entry: AuditEntry): string {
  return `${JSON.stringify(entry)}\n`
}

/** The entry that a line (without its newline) holds, unchecked, or undefined where it holds none. */
export function decodeAuditLine(line: string): AuditEntry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isEntry(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * What is wrong with `entry` as the successor of `last`, if anything. Pure.
 *
 * @param last undefined where nothing is known of the one before
 */
export function auditProblem(
  entry: AuditEntry | undefined,
  last: AuditLink | undefined,
): string | undefined {
  if (entry === undefined) return 'it is no entry'
  const { hash, ...unsigned } = entry
  if (last !== undefined && entry.seq !== last.seq + 1) return `its number is ${entry.seq}`
  if (last !== undefined && entry.prev !== last.hash) return 'it does not follow the one before it'
  return hashOfEntry(unsigned) === hash ? undefined : 'its content does not match its hash'
}

/** The entry with every field that JSON leaves out. */
export function completeEntry(entry: AuditEntry): AuditEntry {
  const { from, target, code, reason } = entry
  return { ...entry, from, target, code, reason }
}

function hashOfEntry(unsigned: Omit<AuditEntry, 'hash'>): string {
  return createHash('sha256').update(JSON.stringify(unsigned)).digest('hex')
}

/** Looks at the links of the chain only: the hash vouches for everything else. */
function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== 'object' || value === null) return false
  return ['seq', 'at', 'actor', 'action', 'outcome', 'prev', 'hash'].every((key) => key in value)
}
