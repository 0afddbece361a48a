import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { request as httpRequest } from 'node:http'
import type { Endpoint } from './endpoint.ts'

/** One request to the agent. */
export interface AgentRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

/** Sends it and resolves with the head of the answer. Rejects with what the connection says. */
export async function sendRequest(
  endpoint: Endpoint,
  asked: AgentRequest,
  actor: string,
): Promise<IncomingMessage> {
  const { method, body, signal } = asked
  const own = { accept: 'application/json', ...asked.headers, ...credentials(endpoint, actor) }
  const headers = body === undefined ? own : { ...own, ...contentOf(body) }
  const start = await opener(endpoint)
  return new Promise((resolve, reject) => {
    const request = start({
      method,
      headers,
      signal,
      agent: false,
      ...target(endpoint, asked.path),
    })
    request.once('response', resolve)
    request.on('error', reject)
    request.end(body)
  })
}

function contentOf(body: string): Record<string, string> {
  return { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
}

function credentials(endpoint: Endpoint, actor: string): Record<string, string> {
  if (endpoint.kind === 'socket') return { 'x-changeover-actor': actor }
  return endpoint.token === undefined ? {} : { authorization: `Bearer ${endpoint.token}` }
}

function target(endpoint: Endpoint, path: string): RequestOptions {
  if (endpoint.kind === 'socket') return { socketPath: endpoint.path, path }
  const { hostname, port, protocol, pathname } = endpoint.url
  return {
    host: hostname.replaceAll(/[[\]]/g, ''),
    path: `${pathname.replace(/\/$/, '')}${path}`,
    ...(port === '' ? {} : { port }),
    ...(protocol === 'https:' && endpoint.ca !== undefined ? { ca: endpoint.ca } : {}),
  }
}

/** TLS is loaded only by those who use it. */
async function opener(endpoint: Endpoint): Promise<(options: RequestOptions) => ClientRequest> {
  if (endpoint.kind === 'socket' || endpoint.url.protocol === 'http:') return httpRequest
  const { request } = await import('node:https')
  return request
}
