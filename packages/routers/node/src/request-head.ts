import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { forwardedHeaders, type Framing, survey, type Survey } from './headers.ts'
import {
  BAD_FRAMING,
  BAD_HOST,
  BAD_TARGET,
  NO_WEBSOCKET,
  type Refusal,
  UNKNOWN_CODING,
} from './refusal.ts'
import { requestTarget } from './request-target.ts'

/** The head of a request as an instance gets it. */
export interface RequestHead {
  readonly method: string
  readonly path: string
  readonly headers: string[]
  readonly framing: Framing
  /** Whether the client waits for 100 Continue before it sends the body. */
  readonly expectsContinue: boolean
}

/** Reads a client's request; a refusal where two readers might understand it differently, or it is not served here. */
export function readRequest(request: IncomingMessage, expects: boolean): RequestHead | Refusal {
  const { method = 'GET', url = '', rawHeaders, socket } = request
  const seen = survey(rawHeaders)
  const target = requestTarget(method, url)
  if (!target) return BAD_TARGET
  const problem = requestProblem(request, seen)
  if (problem) return problem
  const host = target.authority ?? seen.hosts[0] ?? ownHost(socket)
  const headers = forwardedHeaders(rawHeaders, seen, { method, host, address: peer(socket) })
  const expectsContinue = expects && seen.framing !== 'none'
  if (expectsContinue) headers.push('Expect', '100-continue')
  return { method, path: target.path, headers, framing: seen.framing, expectsContinue }
}

function requestProblem(request: IncomingMessage, seen: Survey): Refusal | undefined {
  const oldVersion = request.httpVersionMajor === 1 && request.httpVersionMinor === 0
  if (seen.hosts.length > 1 || (seen.hosts.length === 0 && !oldVersion)) return BAD_HOST
  if (seen.coding !== undefined && seen.coding !== 'chunked')
    return /(?:^|[\s,])chunked$/.test(seen.coding) ? UNKNOWN_CODING : BAD_FRAMING
  if (seen.coding !== undefined && oldVersion) return BAD_FRAMING
  const upgrade = seen.listed?.has('upgrade') ? request.headers.upgrade : undefined
  return upgrade?.toLowerCase() === 'websocket' ? NO_WEBSOCKET : undefined
}

/** For HTTP/1.0, which need not say whom it asks. */
function ownHost({ localAddress = '', localPort }: Socket): string {
  return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`
}

/** The client's address; one that reached an IPv6 listener by IPv4 in its own form. */
function peer({ remoteAddress = '' }: Socket): string {
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress
}
