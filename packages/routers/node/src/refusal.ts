import { type ServerResponse, STATUS_CODES } from 'node:http'

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
export const NO_WEBSOCKET: Refusal = {
  status: 501,
  text: 'WebSocket connections are not served here.',
  close: true,
}

/** Answers with a refusal. Cuts the connection where an answer has begun already, so that none looks complete. */
export function refuseRequest(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = `${refusal.status} ${STATUS_CODES[refusal.status]}. ${refusal.text}\n`
  if (refusal.close) response.shouldKeepAlive = false
  response.writeHead(refusal.status, STATUS_CODES[refusal.status], {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...(refusal.retryAfterSeconds && { 'Retry-After': refusal.retryAfterSeconds }),
  })
  response.end(body)
}
