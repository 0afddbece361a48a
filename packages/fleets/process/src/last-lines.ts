import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** Longest line that is shown, in characters; the rest of a longer one is cut off. */
export const LINE_LIMIT = 2000

/** Most that is read for one answer, in bytes. */
const READ_LIMIT = 4 * 1024 * 1024

interface FileEnd {
  readonly bytes: Buffer
  /** Whether that is the whole file. */
  readonly whole: boolean
}

interface Wish {
  readonly path: string
  /** Most bytes to read. */
  readonly limit: number
}

/** The last lines of a text that goes on over several files, of which the youngest comes first. */
export function lastLines(paths: readonly string[], keepLines: number): string {
  const reading = collect(paths, keepLines)
  let step = reading.next()
  while (step.done !== true) step = reading.next(readEnd(step.value))
  return step.value
}

/** The same, off the event loop. */
export async function readLastLines(
  paths: readonly string[],
  keepLines: number,
  signal?: AbortSignal,
): Promise<string> {
  const reading = collect(paths, keepLines)
  let step = reading.next()
  while (step.done !== true) {
    signal?.throwIfAborted()
    step = reading.next(await readEndLater(step.value))
  }
  return step.value
}

/** A line, cut where it is too long to show. */
export function cutLine(line: string): string {
  return line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)}…` : line
}

/** Asks for the ends of files until there are lines enough, and memory for no more. */
function* collect(paths: readonly string[], keepLines: number): Generator<Wish, string, FileEnd> {
  let left = Math.min(keepLines * LINE_LIMIT, READ_LIMIT)
  let text = Buffer.alloc(0)
  for (const path of paths) {
    const { bytes, whole } = yield { path, limit: left }
    text = Buffer.concat([bytes, text])
    left -= bytes.length
    if (!whole) return cutLines(text, keepLines, false)
    // One more, because the first may have begun in the file before.
    if (countLines(text) > keepLines) break
  }
  return cutLines(text, keepLines, true)
}

function cutLines(bytes: Buffer, keepLines: number, whole: boolean): string {
  const lines = bytes.toString('utf8').replace(/\n$/, '').split('\n')
  const complete = whole || lines.length === 1 ? lines : lines.slice(1)
  return complete.slice(-keepLines).map(cutLine).join('\n')
}

function countLines(bytes: Buffer): number {
  const ended = bytes.at(-1) === NEWLINE
  return bytes.reduce((count, byte) => count + Number(byte === NEWLINE), ended ? 0 : 1)
}

const NEWLINE = 0x0a

/** Somebody may tidy a log away; an answer without it beats none. */
const nothing: FileEnd = { bytes: Buffer.alloc(0), whole: true }

function readEnd({ path, limit }: Wish): FileEnd {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const { from, bytes } = room(fstatSync(file).size, limit)
    const read = readSync(file, bytes, 0, bytes.length, from)
    return { bytes: bytes.subarray(0, read), whole: from === 0 }
  } catch {
    return nothing
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

async function readEndLater({ path, limit }: Wish): Promise<FileEnd> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    const { from, bytes } = room((await file.stat()).size, limit)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
    return { bytes: bytes.subarray(0, bytesRead), whole: from === 0 }
  } catch {
    return nothing
  } finally {
    await file?.close()
  }
}

function room(size: number, limit: number): { from: number; bytes: Buffer } {
  const from = Math.max(0, size - limit)
  return { from, bytes: Buffer.alloc(size - from) }
}
