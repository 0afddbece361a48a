import { type FileHandle, open } from 'node:fs/promises'
import type { Entry } from './journal.ts'
import { decodeLine, loneEntryProblem } from './journal-line.ts'
import { type JournalFile, scanJournal } from './journal-scan.ts'
import { ifThere } from './store-folder.ts'

const NEWLINE = 0x0a
const WINDOW_BYTES = 16_384

/** The first and the last entry of a journal. */
export interface JournalEnds {
  readonly first: Entry
  readonly last: Entry
}

/**
 * The ends of a journal, without what lies between them. Undefined where it has no entry, or where `wanted` does not
 * want it for its first one.
 *
 * @throws ChangeoverError `CHANGEOVER_JOURNAL_CORRUPT` where one of the two is damaged
 */
export async function readEnds(
  file: JournalFile,
  wanted: (first: Entry) => boolean,
): Promise<JournalEnds | undefined> {
  const handle = await ifThere(() => open(file.path, 'r'))
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    const first = soundEntry(await firstLine(handle, size), file)
    if (first !== undefined && !wanted(first)) return undefined
    const last = first && soundEntry(await lastLine(handle, size), file)
    return first && last ? { first, last } : await scanEnds(file, wanted)
  } finally {
    await handle.close()
  }
}

/** Reads everything: it finds which entry is damaged, or that a writer was just at work. */
async function scanEnds(
  file: JournalFile,
  wanted: (first: Entry) => boolean,
): Promise<JournalEnds | undefined> {
  let ends: JournalEnds | undefined
  for await (const { last } of scanJournal(file)) {
    if (last !== undefined) ends = { first: ends?.first ?? last, last }
  }
  return ends && wanted(ends.first) ? ends : undefined
}

function soundEntry(line: string | undefined, { rollout }: JournalFile): Entry | undefined {
  const entry = line === undefined ? undefined : decodeLine(line)
  return loneEntryProblem(entry, rollout) === undefined ? entry : undefined
}

async function firstLine(handle: FileHandle, size: number): Promise<string | undefined> {
  for (let length = WINDOW_BYTES; ; length *= 2) {
    const window = await readWindow(handle, 0, Math.min(length, size))
    const end = window.indexOf(NEWLINE)
    if (end >= 0) return window.toString('utf8', 0, end)
    if (length >= size) return undefined
  }
}

/** The line before the last newline; what follows that is no entry yet. */
async function lastLine(handle: FileHandle, size: number): Promise<string | undefined> {
  for (let length = WINDOW_BYTES; ; length *= 2) {
    const from = Math.max(0, size - length)
    const window = await readWindow(handle, from, size)
    const end = window.lastIndexOf(NEWLINE)
    const before = end > 0 ? window.lastIndexOf(NEWLINE, end - 1) : -1
    if (end >= 0 && (before >= 0 || from === 0)) return window.toString('utf8', before + 1, end)
    if (from === 0) return undefined
  }
}

async function readWindow(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(to - from), { position: from })
  return buffer.subarray(0, bytesRead)
}
