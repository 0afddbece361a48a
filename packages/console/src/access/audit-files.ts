import { type FileHandle, open, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { AuditEntry } from '../api/index.ts'
import { auditProblem, type AuditLink, decodeAuditLine } from './audit-line.ts'

/** One file of the log: the one that is written, or an older one that it was before. */
export interface AuditFile {
  readonly path: string
  /** Number of its first entry; undefined for the one that is written. */
  readonly first: number | undefined
}

/** A file that was opened to be read as far as `size`. */
export interface OpenAuditFile extends AuditFile {
  readonly handle: FileHandle
  readonly size: number
}

/** Where reading stands: behind the entry `last`, at `offset`, after so many `lines` of this file. */
export interface AuditPlace {
  readonly last: AuditEntry | undefined
  readonly offset: number
  readonly lines: number
}

const NEWLINE = 0x0a
const CHUNK_BYTES = 65_536
const DIGITS = 12

/** What the file that is written is called when it is full. */
export function rotatedPath(path: string, first: number): string {
  return `${path}.${String(first).padStart(DIGITS, '0')}`
}

/** The older files of the log, the oldest first. */
export async function rotatedFiles(path: string): Promise<readonly AuditFile[]> {
  const prefix = `${basename(path)}.`
  const names = await readdir(dirname(path))
  return names
    .filter((name) => name.startsWith(prefix) && /^\d{12,}$/.test(name.slice(prefix.length)))
    .map((name) => ({
      path: join(dirname(path), name),
      first: Number(name.slice(prefix.length)),
    }))
    .toSorted((one, other) => one.first - other.first)
}

/** All files that are there, opened, the oldest first. Whoever opens them closes them. */
export async function openAuditFiles(path: string): Promise<readonly OpenAuditFile[]> {
  const files = [...(await rotatedFiles(path)), { path, first: undefined }]
  const opened = await Promise.all(files.map(openIfThere))
  return opened.filter((file) => file !== undefined)
}

export async function closeAuditFiles(files: readonly OpenAuditFile[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()))
}

/** What a whole line that is not the next entry is reported as. */
export interface AuditDamage {
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly problem: string
}

/**
 * The places behind each entry. What comes after the last newline is no entry: a crash cut it off, or it is being
 * written.
 *
 * @param last of the file before; undefined where it is gone
 * @returns what is wrong with the line where it ends early
 */
export async function* scanAudit(
  file: OpenAuditFile,
  last: AuditLink | undefined,
): AsyncGenerator<AuditPlace, AuditDamage | undefined> {
  let place: AuditPlace = { last: undefined, offset: 0, lines: 0 }
  for await (const line of linesOf(file)) {
    const entry = decodeAuditLine(line.toString())
    const problem = auditProblem(entry, place.last ?? last)
    if (problem !== undefined) return { path: file.path, line: place.lines + 1, problem }
    place = { last: entry, offset: place.offset + line.length + 1, lines: place.lines + 1 }
    yield place
  }
  return undefined
}

/** The entries of the file, the newest first, unchecked. Lines that hold none are left out. */
export async function* newestFirst(file: OpenAuditFile): AsyncGenerator<AuditEntry> {
  for await (const line of linesFromEnd(file)) {
    const entry = decodeAuditLine(line.toString())
    if (entry !== undefined) yield entry
  }
}

/** The whole lines, without their newlines. */
async function* linesOf({ handle, size }: OpenAuditFile): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const chunk = await readChunk(handle, at, Math.min(CHUNK_BYTES, size - at))
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, end)])
      rest = []
      from = end + 1
    }
    rest.push(chunk.subarray(from))
  }
}

/** The whole lines, the last one first, without their newlines. */
async function* linesFromEnd({ handle, size }: OpenAuditFile): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  // What follows the last newline is no line.
  let whole = false
  for (let end = size; end > 0; end = Math.max(0, end - CHUNK_BYTES)) {
    const start = Math.max(0, end - CHUNK_BYTES)
    const chunk = await readChunk(handle, start, end - start)
    let to = chunk.length
    for (let at = lastNewline(chunk, to); at >= 0; at = lastNewline(chunk, to)) {
      if (whole) yield Buffer.concat([chunk.subarray(at + 1, to), ...rest])
      whole = true
      rest = []
      to = at
    }
    rest.unshift(chunk.subarray(0, to))
  }
  if (whole) yield Buffer.concat(rest)
}

function lastNewline(chunk: Buffer, before: number): number {
  return before === 0 ? -1 : chunk.lastIndexOf(NEWLINE, before - 1)
}

async function readChunk(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

async function openIfThere(file: AuditFile): Promise<OpenAuditFile | undefined> {
  try {
    const handle = await open(file.path, 'r')
    return { ...file, handle, size: (await handle.stat()).size }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
