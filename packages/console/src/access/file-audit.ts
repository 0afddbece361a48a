import { resolve } from 'node:path'
import { checkOptions, type Clock, portSchema, systemClock } from '@changeover/engine'
import { z } from 'zod'
import type { AuditEntry } from '../api/index.ts'
import { ConsoleError, consoleError } from '../console-error.ts'
import type { AuditLog } from './access.ts'
import {
  closeAuditFiles,
  newestFirst,
  openAuditFiles,
  type OpenAuditFile,
  scanAudit,
} from './audit-files.ts'
import {
  AUDIT_START,
  type AuditLink,
  type AuditRecord,
  chainRecord,
  completeEntry,
} from './audit-line.ts'
import { type AuditPen, createAuditPen } from './audit-pen.ts'

/** Options of {@link fileAudit}. */
export interface FileAuditOptions {
  /** The file that is written; full ones lie beside it, with the number of their first entry at the end. */
  readonly path: string
  /** Bytes after which a new file is begun. @default 16 MiB */
  readonly maxSize?: number
  /** Full files that are kept; older ones are deleted. @default 8 */
  readonly keep?: number
  /** @default the machine's own */
  readonly clock?: Clock
}

/** {@link fileAudit}, to be closed. */
export interface FileAudit extends AuditLog, AsyncDisposable {}

interface Waiting {
  readonly record: AuditRecord
  readonly at: number
  readonly settle: (error?: unknown) => void
}

const DEFAULT_BYTES = 16 * 1024 * 1024
const SMALLEST_BYTES = 4_096
const DEFAULT_KEEP = 8
const MOST_WAITING = 10_000
const MOST_READ = 1_000

const schema = z.strictObject({
  path: z.string().min(1),
  maxSize: z.number().int().min(SMALLEST_BYTES).optional(),
  keep: z.number().int().min(1).max(1_000).optional(),
  clock: portSchema('clock', ['now', 'sleep']).optional(),
})

const remedies = {
  path: 'Give the path of a file; its folder must be there.',
  maxSize: `Give a number of bytes from ${SMALLEST_BYTES}.`,
  keep: 'Give a number of files from 1 to 1,000.',
}

/**
 * The audit log as a file of JSON Lines, each with the hash of the one before. Entries are on the disk when `record`
 * resolves; those that come together are written together. One process writes it; every process may read it.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`. Later, by `record`: ConsoleError
 *   `CHANGEOVER_CONSOLE_AUDIT_OWNED`, `CHANGEOVER_CONSOLE_AUDIT_INVALID`, `CHANGEOVER_CONSOLE_AUDIT_FAILED`
 * @example
 * const audit = fileAudit({ path: 'audit.jsonl' })
 * const { ok, problem } = await audit.verify()
 */
export function fileAudit(options: FileAuditOptions): FileAudit {
  checkOptions(schema, options, '', { remedies })
  const { maxSize: maxBytes = DEFAULT_BYTES, keep = DEFAULT_KEEP, clock = systemClock() } = options
  const path = resolve(options.path)
  const turns = createTurns()
  const pen = createAuditPen(path, { maxBytes, keep }, clock)
  let waiting: Waiting[] = []
  let closing: Promise<void> | undefined
  // It reads everything: those who ask meanwhile get the same answer.
  let verifying: ReturnType<AuditLog['verify']> | undefined
  const verify: AuditLog['verify'] = () =>
    withFiles(path, turns, verifyFiles).finally(() => {
      verifying = undefined
    })
  const flush = async (): Promise<void> => {
    const batch = waiting
    waiting = []
    if (batch.length > 0) await writeBatch(path, pen, batch)
  }
  const close = (): Promise<void> => (closing ??= turns.take(flush).then(() => pen.putDown()))
  return {
    record: (record) =>
      new Promise((resolve, reject) => {
        const problem = closing ? 'it is closed' : 'too many entries wait for the disk'
        if (closing || waiting.length >= MOST_WAITING) return reject(failed(path, problem))
        const settle = (error?: unknown): void => (error === undefined ? resolve() : reject(error))
        waiting.push({ record, at: clock.now(), settle })
        if (waiting.length === 1) void turns.take(flush)
      }),
    read: ({ before = Infinity, limit }) =>
      withFiles(path, turns, (files) => readNewest(files, before, Math.min(limit, MOST_READ) || 0)),
    verify: () => (verifying ??= verify()),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Lets work wait for the work before it. What is taken must not reject. */
function createTurns(): { take<Result>(work: () => Promise<Result>): Promise<Result> } {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take(work) {
      const mine = last.then(work, work)
      last = mine
      return mine
    },
  }
}

async function writeBatch(path: string, pen: AuditPen, batch: readonly Waiting[]): Promise<void> {
  try {
    const writer = await pen.takeUp()
    let last: AuditLink = writer.last
    const entries: AuditEntry[] = []
    for (const { record, at } of batch) {
      const entry = chainRecord(record, at, last)
      entries.push(entry)
      last = entry
    }
    await writer.append(entries)
  } catch (error) {
    const told = error instanceof ConsoleError ? error : failed(path, codeOf(error), error)
    for (const { settle } of batch) settle(told)
    return
  }
  for (const { settle } of batch) settle()
}

/** Opens the files while none of them is written or renamed, and reads them while they may be. */
async function withFiles<Result>(
  path: string,
  turns: ReturnType<typeof createTurns>,
  work: (files: readonly OpenAuditFile[]) => Promise<Result>,
): Promise<Result> {
  const opened = await turns.take(() => openAuditFiles(path).catch((error: unknown) => ({ error })))
  if ('error' in opened) throw failed(path, codeOf(opened.error), opened.error)
  try {
    return await work(opened)
  } finally {
    await closeAuditFiles(opened)
  }
}

async function readNewest(
  files: readonly OpenAuditFile[],
  before: number,
  limit: number,
): Promise<readonly AuditEntry[]> {
  const found: AuditEntry[] = []
  for (const file of files.filter(({ first = 0 }) => first < before).toReversed()) {
    for await (const entry of newestFirst(file)) {
      if (found.length >= limit) return found
      if (entry.seq < before) found.push(completeEntry(entry))
    }
  }
  return found
}

/** Of the oldest file that is kept the one before is gone, and so is what its first entry follows. */
async function verifyFiles(
  files: readonly OpenAuditFile[],
): Promise<{ ok: boolean; entries: number; problem: string | undefined }> {
  let entries = 0
  let last: AuditLink | undefined = (files[0]?.first ?? 0) === 0 ? AUDIT_START : undefined
  for (const file of files) {
    const scan = scanAudit(file, last)
    for (let step = await scan.next(); ; step = await scan.next()) {
      if (step.done) {
        if (step.value === undefined) break
        const { path, line, problem } = step.value
        return { ok: false, entries, problem: `${path}, line ${line}: ${problem}` }
      }
      entries += 1
      last = step.value.last
    }
  }
  return { ok: true, entries, problem: undefined }
}

function failed(path: string, problem: string, cause?: unknown): ConsoleError {
  return consoleError('CHANGEOVER_CONSOLE_AUDIT_FAILED', { path, problem }, cause)
}

/** Such as `ENOSPC`. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
