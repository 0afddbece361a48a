import type { OutgoingHttpHeaders } from 'node:http'
import { isPost } from './load-schedule.ts'

/** What the `request` hook may say about one request; what it leaves out keeps its default. */
export interface LoadRequest {
  /** @default 'POST' for `postShare` of the requests, else 'GET' */
  readonly method?: string | undefined
  /** Path and query. @default those of `url` */
  readonly path?: string | undefined
  /** Sent along. `x-request-id` is always the generator's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** @default `{"id":"<x-request-id>"}` for POST, PUT and PATCH, else none */
  readonly body?: string | Uint8Array | undefined
}

/** One request, ready to be sent. */
export interface WireRequest {
  readonly method: string
  readonly path: string | undefined
  readonly headers: OutgoingHttpHeaders
  readonly body: string | Uint8Array | undefined
}

/** What decides how request `n` looks. */
export interface RequestShape {
  readonly n: number
  readonly id: string
  readonly postShare: number
  readonly override: LoadRequest
}

const withBody = new Set(['POST', 'PUT', 'PATCH'])

/** Builds a request; the same shape always gives the same request. */
export function wireRequest({ n, id, postShare, override }: RequestShape): WireRequest {
  const method = override.method?.toUpperCase() ?? (isPost(n, postShare) ? 'POST' : 'GET')
  const json = override.body === undefined && withBody.has(method)
  const body = json ? JSON.stringify({ id }) : override.body
  const headers: OutgoingHttpHeaders = json ? { 'content-type': 'application/json' } : {}
  for (const [name, value] of Object.entries(override.headers ?? {}))
    headers[name.toLowerCase()] = value
  if (body !== undefined) headers['content-length'] = Buffer.byteLength(body)
  headers['x-request-id'] = id
  return { method, path: override.path, headers, body }
}
