import { forwardedHeaders, type Framing, survey, type Survey } from './headers.ts'
import type { Inbound } from './inbound.ts'
import { BAD_FRAMING, BAD_HOST, BAD_TARGET, type Refusal, UNKNOWN_CODING } from './refusal.ts'
import { requestTarget } from './request-target.ts'
import type { TrustedPeers } from './trusted-peers.ts'

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
export function readRequest(inbound: Inbound, trusts: TrustedPeers): RequestHead | Refusal {
  const { method, url, rawHeaders, peer, upgrade } = inbound
  const seen = { ...survey(rawHeaders), ...(inbound.framing && { framing: inbound.framing }) }
  const target = requestTarget(method, url)
  if (!target) return BAD_TARGET
  const problem = requestProblem(inbound, seen)
  if (problem) return problem
  // HTTP/1.0 need not say whom it asks.
  const host = target.authority ?? seen.hosts[0] ?? peer.local
  const { address, secure } = peer
  const origin = { method, host, address, secure, trusted: trusts(address) }
  const headers = forwardedHeaders(rawHeaders, seen, origin)
  const expectsContinue = inbound.expects && seen.framing !== 'none'
  if (expectsContinue) headers.push('Expect', '100-continue')
  if (upgrade) headers.push('Connection', 'Upgrade', 'Upgrade', upgrade.protocol)
  return { method, path: target.path, headers, framing: seen.framing, expectsContinue }
}

function requestProblem({ version }: Inbound, seen: Survey): Refusal | undefined {
  const old = version === '1.0'
  if (seen.hosts.length > 1 || (seen.hosts.length === 0 && !old)) return BAD_HOST
  if (seen.coding === undefined) return undefined
  if (seen.coding !== 'chunked')
    return /(?:^|[\s,])chunked$/.test(seen.coding) ? UNKNOWN_CODING : BAD_FRAMING
  return old ? BAD_FRAMING : undefined
}
