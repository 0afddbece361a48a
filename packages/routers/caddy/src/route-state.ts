import { isDeepStrictEqual } from 'node:util'
import type { AdminReply } from './admin.ts'
import { caddyConfig } from './caddy-config.ts'
import { fieldsOf, parseJson } from './json.ts'
import { readRecord, recordMark, type RouteRecord } from './route-record.ts'

/** What Caddy's configuration says about the route of a service. */
export type RouteState =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly problem: string }
  | {
      readonly kind: 'route'
      readonly etag: string | undefined
      /** As Caddy has it; undefined where the route has none. */
      readonly handle: unknown
      /** What an adapter wrote there; undefined where none did, or somebody took it away. */
      readonly kept: KeptRecord | undefined
      /** Whether the routes are those that belong to the record. */
      readonly whole: boolean
    }

/** A record, and the mark that Caddy answers with while it is in force. */
export interface KeptRecord extends RouteRecord {
  readonly mark: string
}

/** Reads what Caddy answered when it was asked for the route by its id. Pure. */
export function routeState(id: string, reply: Extract<AdminReply, { kind: 'answer' }>): RouteState {
  const { status, body, etag } = reply
  if (status === 404) return { kind: 'missing' }
  if (status !== 200) return { kind: 'unreadable', problem: replyProblem(status, body) }
  const route = parseJson(body)
  if (fieldsOf(route)['@id'] !== id)
    return { kind: 'unreadable', problem: 'it is no route with the id' }
  const { handle } = fieldsOf(route)
  const text = recordText(handle)
  const record = readRecord(text)
  if (!record || typeof text !== 'string')
    return { kind: 'route', etag, handle, kept: undefined, whole: false }
  const whole = isDeepStrictEqual(handle, caddyConfig({ id, ...record }))
  return { kind: 'route', etag, handle, kept: { ...record, mark: recordMark(text) }, whole }
}

/** What Caddy says went wrong, on one line. Pure. */
export function replyProblem(status: number, body: string): string {
  const { error } = fieldsOf(parseJson(body))
  const told = typeof error === 'string' ? error : body
  return `${status}: ${told.replaceAll(/\s+/g, ' ').trim().slice(0, 500)}`
}

/** Where {@link caddyConfig} puts it. */
function recordText(handle: unknown): unknown {
  const [subroute] = listOf(handle)
  const [keeper] = listOf(fieldsOf(subroute)['routes'])
  const [, vars] = listOf(fieldsOf(keeper)['handle'])
  return fieldsOf(vars)['changeover']
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
