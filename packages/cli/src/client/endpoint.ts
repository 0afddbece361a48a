import { join } from 'node:path'
import { commandError } from './command-error.ts'

/** Where the agent listens. */
export type Endpoint =
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'url'
      readonly url: URL
      readonly token: string | undefined
      /** Certificate of the authority that signed the agent's, as PEM. */
      readonly ca: string | undefined
    }

/** What command line and environment say about it. */
export interface EndpointWish {
  readonly directory: string
  readonly url: string | undefined
  readonly token: string | undefined
  readonly ca: string | undefined
}

/**
 * The agent to ask: the one at the address, or the one whose directory is on this machine.
 *
 * @throws CommandError `CHANGEOVER_ENDPOINT_INVALID`, `CHANGEOVER_TOKEN_UNPROTECTED`
 */
export function endpointOf({ directory, url, token, ca }: EndpointWish): Endpoint {
  if (url === undefined) return { kind: 'socket', path: join(directory, 'agent.sock') }
  const parsed = parseUrl(url)
  if (token !== undefined && !/^[!-~]+$/.test(token))
    throw commandError('CHANGEOVER_ENDPOINT_INVALID', {
      field: 'The token',
      value: '(hidden)',
      problem: 'it is empty, or holds spaces or other characters that no token has',
    })
  if (token !== undefined && parsed.protocol === 'http:' && !isLoopback(parsed.hostname))
    throw commandError('CHANGEOVER_TOKEN_UNPROTECTED', { where: parsed.origin })
  return { kind: 'url', url: parsed, token, ca }
}

/** For messages. */
export function describeEndpoint(endpoint: Endpoint): string {
  return endpoint.kind === 'socket'
    ? endpoint.path
    : `${endpoint.url.origin}${endpoint.url.pathname}`
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const problem = urlProblem(url)
  if (url && problem === undefined) return url
  const value = url?.password ? '(hidden)' : JSON.stringify(text)
  throw commandError('CHANGEOVER_ENDPOINT_INVALID', {
    field: 'The URL of the agent',
    value,
    problem: problem ?? 'it is no URL',
  })
}

function urlProblem(url: URL | undefined): string | undefined {
  if (!url) return 'it is no URL'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'it is neither http nor https'
  if (url.username !== '' || url.password !== '')
    return 'it holds a password, which everyone could see: give a token by CHANGEOVER_TOKEN or --token-file'
  return url.search === '' && url.hash === '' ? undefined : 'it has a query or a fragment'
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
