import { createHash } from 'node:crypto'
import type { OwnHead } from './own-head.ts'
import { readHead } from './stored.ts'

/** A file of ours as it was found. */
export interface OwnFile {
  readonly head: OwnHead
  /** Whether it is as it was written. */
  readonly sealed: boolean
}

// nginx reads no word longer than 4,096 bytes, not even in a comment.
const LINE = 1_000
const MARK = '#@ '
const SEAL = '#@seal '

/** A configuration file with its head in comments, and a seal by which a change by hand is noticed. */
export function ownFile(head: OwnHead, body: string): string {
  const json = asciiJson(head)
  const lines = json.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? []
  const text = [
    `# Written by Changeover for service "${head.service}". Changes by hand are overwritten.`,
    ...lines.map((line) => `${MARK}${line}`),
    body,
  ].join('\n')
  return `${text}\n${SEAL}${sha256(text)}\n`
}

/** Reads what {@link ownFile} wrote; undefined where nothing can be made of it. */
export function parseOwnFile(text: string): OwnFile | undefined {
  const lines = text.split('\n')
  const json = lines.flatMap((line) => (line.startsWith(MARK) ? [line.slice(MARK.length)] : []))
  const head = readHead(json.join(''))
  if (!head) return undefined
  const end = text.lastIndexOf(`\n${SEAL}`)
  const sealed = end >= 0 && text.slice(end) === `\n${SEAL}${sha256(text.slice(0, end))}\n`
  return { head, sealed }
}

/** The digest of what decides a file's content. */
export function digestOf(parts: unknown): string {
  return sha256(JSON.stringify(parts)).slice(0, 24)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** JSON on one line by anybody's idea of a line. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
