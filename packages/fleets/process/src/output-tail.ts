import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** Longest line that is kept, in characters; the rest of a longer one is cut off. */
const LINE_LIMIT = 2000

/** The last lines that an instance printed. */
export interface OutputTail {
  text(): string
}

/** The last lines of several streams, in the order in which they came. */
export function streamTail(streams: readonly Readable[], keepLines: number): OutputTail {
  const lines: string[] = []
  const keep = (line: string): void => {
    lines.push(cut(line))
    if (lines.length > keepLines) lines.shift()
  }
  const partials = streams.map((stream) => readLines(stream, keep))
  return {
    text: () => {
      const open = partials.map((partial) => cut(partial())).filter((line) => line !== '')
      return [...lines, ...open].slice(-keepLines).join('\n')
    },
  }
}

/** The last lines of the file at `path`, of what stands after `start` (in bytes). */
export function fileTail(path: string, start: number, keepLines: number): OutputTail {
  return { text: () => lastLines(path, start, keepLines) }
}

/** Hands on whole lines, and answers with the one that is not ended yet. */
function readLines(stream: Readable, keep: (line: string) => void): () => string {
  const decoder = new StringDecoder('utf8')
  let partial = ''
  stream.on('data', (chunk: Buffer) => {
    const parts = (partial + decoder.write(chunk)).split('\n')
    partial = (parts.pop() ?? '').slice(0, LINE_LIMIT + 1)
    parts.forEach(keep)
  })
  stream.on('error', () => {}) // The end of the process is told elsewhere.
  return () => partial
}

function lastLines(path: string, start: number, keepLines: number): string {
  const { text, whole } = readEnd(path, start, keepLines * LINE_LIMIT)
  const lines = text.replace(/\n$/, '').split('\n')
  const complete = whole || lines.length === 1 ? lines : lines.slice(1)
  return complete.slice(-keepLines).map(cut).join('\n')
}

function readEnd(path: string, start: number, limit: number): { text: string; whole: boolean } {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const end = fstatSync(file).size
    const from = Math.max(start, end - limit)
    const bytes = Buffer.alloc(Math.max(0, end - from))
    const read = readSync(file, bytes, 0, bytes.length, from)
    return { text: bytes.toString('utf8', 0, read), whole: from === start }
  } catch {
    return { text: '', whole: true } // Somebody tidied it away; a report without output beats none.
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function cut(line: string): string {
  return line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)}…` : line
}
