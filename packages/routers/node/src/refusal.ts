import { STATUS_CODES } from 'node:http'
import type { Reply } from './inbound.ts'

/** An answer that the router gives by itself. */
export interface Refusal {
  readonly status: number
  /** One sentence for whoever looks at the body. Names no instance and no address. */
  readonly text: string
  readonly retryAfterSeconds?: number
  /** Whether the connection ends with it, since its next bytes cannot be trusted. */
  readonly close?: boolean
}

export const NOTHING_ROUTED: Refusal = {
  status: 503,
  text: 'No instance is in service yet.',
  retryAfterSeconds: 1,
}
export const TOO_BUSY: Refusal = {
  status: 503,
  text: 'Too many requests are in flight.',
  retryAfterSeconds: 1,
}
export const NO_ANSWER: Refusal = { status: 502, text: 'The service gave no answer.' }
export const LATE_ANSWER: Refusal = { status: 504, text: 'The service did not answer in time.' }
export const BAD_TARGET: Refusal = {
  status: 400,
  text: 'The request target is of no form that is served here.',
  close: true,
}
export const BAD_HOST: Refusal = {
  status: 400,
  text: 'A request has exactly one Host.',
  close: true,
}
export const BAD_FRAMING: Refusal = {
  status: 400,
  text: 'Nobody can tell where this request ends.',
  close: true,
}
export const UNKNOWN_CODING: Refusal = {
  status: 501,
  text: 'The only Transfer-Encoding served here is chunked.',
  close: true,
}
export const LONG_HEAD: Refusal = {
  status: 431,
  text: 'The head of the request is too long.',
}
export const NO_ROOM: Refusal = {
  status: 503,
  text: 'Too many requests wait for the service already.',
  retryAfterSeconds: 1,
}
export const LATE_RELEASE: Refusal = {
  status: 503,
  text: 'The service was on hold for too long.',
  retryAfterSeconds: 1,
}
export const CLOSING: Refusal = {
  status: 503,
  text: 'The router is closing.',
  retryAfterSeconds: 1,
  close: true,
}

/** What a refusal says on the wire. */
export interface RefusalMessage {
  readonly phrase: string
  readonly headers: string[]
  readonly body: string
}

/** Renders a refusal. */
export function refusalMessage({ status, text, retryAfterSeconds }: Refusal): RefusalMessage {
  const phrase = STATUS_CODES[status] ?? ''
  const body = `${status} ${phrase}. ${text}\n`
  const headers = ['Content-Type', 'text/plain; charset=utf-8']
  headers.push('Content-Length', String(body.length), 'Cache-Control', 'no-store')
  if (retryAfterSeconds) headers.push('Retry-After', String(retryAfterSeconds))
  return { phrase, headers, body }
}

/** Answers with a refusal. Cuts the connection where an answer has begun already, so that none looks complete. */
export function refuseRequest(reply: Reply, refusal: Refusal): void {
  if (reply.gone) return
  if (reply.begun) return reply.cut()
  const { phrase, headers, body } = refusalMessage(refusal)
  if (refusal.close) reply.last()
  reply.begin(refusal.status, phrase, headers)
  reply.end(body)
}
