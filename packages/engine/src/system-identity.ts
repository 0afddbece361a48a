import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'

/** A name for this process that no other one has had: host, process id and a random part. */
export function processName(): string {
  return `${hostname()}-${process.pid}-${randomPart()}`
}

/** An id that is never given twice; later ones sort behind earlier ones of the same prefix. */
export function uniqueId(prefix: string, now: number): string {
  return `${prefix}-${now.toString(36)}-${randomPart()}`
}

function randomPart(): string {
  return randomUUID().slice(0, 8)
}
