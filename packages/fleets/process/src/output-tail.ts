import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { cutLine, lastLines, LINE_LIMIT } from './last-lines.ts'

/** The last lines that an instance printed. */
export interface OutputTail {
  text(): string
}

/** The last lines of several streams, in the order in which they came. */
export function streamTail(streams: readonly Readable[], keepLines: number): OutputTail {
  const lines: string[] = []
  const keep = (line: string): void => {
    lines.push(cutLine(line))
    if (lines.length > keepLines) lines.shift()
  }
  const partials = streams.map((stream) => readLines(stream, keep))
  return {
    text: () => {
      const open = partials.map((partial) => cutLine(partial())).filter((line) => line !== '')
      return [...lines, ...open].slice(-keepLines).join('\n')
    },
  }
}

/** The last lines of the files that `paths` names when it is asked, the youngest first. */
export function fileTail(paths: () => readonly string[], keepLines: number): OutputTail {
  return { text: () => lastLines(paths(), keepLines) }
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
