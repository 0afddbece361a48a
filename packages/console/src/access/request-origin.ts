import type { IncomingHttpHeaders } from 'node:http'
import { consoleError } from '../console-error.ts'

/** Headers that tell where a request comes from and where it thinks it goes. */
type Headers = Pick<
  IncomingHttpHeaders,
  'host' | 'origin' | 'sec-fetch-site' | 'sec-fetch-mode'
> & {
  /** The host of HTTP/2. */
  readonly ':authority'?: string | string[] | undefined
}

const LOOPBACK =
  /^(?:localhost|(?:[a-z0-9-]+\.)+localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/
const SAFE = new Set(['GET', 'HEAD'])

export function isSafe(method: string | undefined): boolean {
  return SAFE.has(method ?? '')
}

/** Whether a `host` header means this machine itself, under any port. Pure. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host.toLowerCase())
}

/** The host that the request asks for, in lower case. */
export function hostOf(headers: Headers): string {
  return String(headers.host ?? headers[':authority'] ?? '').toLowerCase()
}

/**
 * Refuses what another page made a browser send. A page cannot choose the headers looked at here. Pure.
 *
 * The host must be loopback or that of a configured origin: else a page elsewhere could point its own name at us
 * (DNS rebinding), and be of our origin as far as the browser is concerned. A given `origin` must be configured or
 * be that very loopback host. What the browser says was asked for by another site is refused, unless somebody
 * merely followed a link.
 *
 * @param origins as `URL.origin` writes them
 * @throws ConsoleError `CHANGEOVER_CONSOLE_HOST` (421), `CHANGEOVER_CONSOLE_ORIGIN` (403)
 */
export function checkOrigin(
  method: string | undefined,
  headers: Headers,
  origins: ReadonlySet<string>,
): void {
  const host = hostOf(headers)
  if (!isLoopbackHost(host) && !isHostOf(origins, host))
    throw consoleError('CHANGEOVER_CONSOLE_HOST', { host: host === '' ? 'none' : `"${host}"` })
  const { origin } = headers
  if (origin !== undefined && !isOwnOrigin(origin, host, origins))
    throw consoleError('CHANGEOVER_CONSOLE_ORIGIN', { origin: `"${origin}"` })
  const site = headers['sec-fetch-site'] ?? 'same-origin'
  if (site !== 'same-origin' && !isVisit(method, site, headers['sec-fetch-mode']))
    throw consoleError('CHANGEOVER_CONSOLE_ORIGIN', { origin: `another page (${site})` })
}

function isHostOf(origins: ReadonlySet<string>, host: string): boolean {
  return [...origins].some((origin) => new URL(origin).host === withoutDefaultPort(origin, host))
}

/** As `URL` writes the host: without the port that the scheme implies. */
function withoutDefaultPort(origin: string, host: string): string {
  return host.replace(origin.startsWith('https:') ? /:443$/ : /:80$/, '')
}

function isOwnOrigin(origin: string, host: string, origins: ReadonlySet<string>): boolean {
  if (origins.has(origin)) return true
  return isLoopbackHost(host) && (origin === `http://${host}` || origin === `https://${host}`)
}

/** An address that was typed, or a link that was followed: nothing but a look at what SameSite cookies allow. */
function isVisit(method: string | undefined, site: unknown, mode: unknown): boolean {
  return isSafe(method) && (mode === 'navigate' || site === 'none')
}
