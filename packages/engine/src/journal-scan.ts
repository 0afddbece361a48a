import { type FileHandle, open } from 'node:fs/promises'
import { refuse } from './changeover-error.ts'
import type { Entry } from './journal.ts'
import { decodeLine, entryProblem } from './journal-line.ts'
import { ifThere } from './store-folder.ts'

/** A place in a journal file: just behind the entry `last`. */
export interface JournalPlace {
  /** Undefined at the beginning. */
  readonly last: Entry | undefined
  readonly offset: number
}

/** A journal file and the rollout that it belongs to. */
export interface JournalFile {
  readonly path: string
  readonly rollout: string
}

interface Line {
  readonly bytes: Buffer
  readonly offset: number
}

export const JOURNAL_START: JournalPlace = { last: undefined, offset: 0 }

const NEWLINE = 0x0a
const CHUNK_BYTES = 65_536

/**
 * The places behind each entry that follows `from`, in a file that may be growing. What comes after the last newline
 * is no entry yet: it is still being written, or a crash cut it off.
 *
 * @throws ChangeoverError `CHANGEOVER_JOURNAL_CORRUPT` at a whole line that is not the next entry
 */
export async function* scanJournal(
  file: JournalFile,
  from: JournalPlace = JOURNAL_START,
): AsyncGenerator<JournalPlace> {
  const handle = await ifThere(() => open(file.path, 'r'))
  if (handle === undefined) return
  try {
    yield* scanHandle(file, handle, from)
  } finally {
    await handle.close()
  }
}

/** The entries of a journal, as {@link scanJournal} finds them. */
export async function* readEntries(file: JournalFile): AsyncGenerator<Entry> {
  for await (const { last } of scanJournal(file)) if (last !== undefined) yield last
}

async function* scanHandle(
  file: JournalFile,
  handle: FileHandle,
  from: JournalPlace,
): AsyncGenerator<JournalPlace> {
  let place = from
  for await (const line of readLines(handle, from.offset)) {
    const entry = decodeLine(line.bytes.toString())
    const problem = entryProblem(entry, file.rollout, place.last)
    if (problem !== undefined) {
      if (await isThere(handle, line)) throw corrupt(file, place, problem)
      yield* scanHandle(file, handle, place)
      return
    }
    place = { last: entry, offset: line.offset + line.bytes.length + 1 }
    yield place
  }
}

/**
 * Whether the file holds the line. It does not where another process repaired a torn tail meanwhile and wrote on: the
 * line was then read half before and half after.
 */
async function isThere(handle: FileHandle, { bytes, offset }: Line): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes.length), { position: offset })
  return bytesRead === bytes.length && buffer.equals(bytes)
}

/** The whole lines from `offset`, without their newlines. */
async function* readLines(handle: FileHandle, offset: number): AsyncGenerator<Line> {
  let start = offset
  let rest: Buffer[] = []
  for await (const chunk of readChunks(handle, offset)) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const bytes = Buffer.concat([...rest, chunk.subarray(from, end)])
      yield { bytes, offset: start }
      start += bytes.length + 1
      rest = []
      from = end + 1
    }
    rest.push(chunk.subarray(from))
  }
}

/** Only what the file holds now: a writer that is faster than the reader must not keep it reading. */
async function* readChunks(handle: FileHandle, offset: number): AsyncGenerator<Buffer> {
  const { size } = await handle.stat()
  for (let at = offset; at < size;) {
    const length = Math.min(CHUNK_BYTES, size - at)
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), { position: at })
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

function corrupt(file: JournalFile, place: JournalPlace, problem: string): Error {
  return refuse('CHANGEOVER_JOURNAL_CORRUPT', {
    rollout: file.rollout,
    path: file.path,
    seq: (place.last?.seq ?? -1) + 1,
    offset: place.offset,
    problem,
  })
}
