import type { IncomingMessage } from 'node:http'
import { consoleError } from '../console-error.ts'
import type { Access, Actor, StoredToken } from './access.ts'
import { type AccessOptions, type AccessSettings, parseAccessOptions } from './access-options.ts'
import { PLAIN_COOKIE, SECURE_COOKIE, sessionCookie, setCookie } from './cookies.ts'
import { createRateLimit, type RateLimit } from './rate-limit.ts'
import { checkOrigin, hostOf, isLoopbackHost, isSafe } from './request-origin.ts'
import { createSessions, hasCsrf, type Session, type Sessions } from './sessions.ts'
import { findToken, hashOf } from './token.ts'

/** Sends back what the session was told; a page elsewhere cannot know it. */
const CSRF_HEADER = 'x-changeover-csrf'

/** Failed sign-ins. Tokens cannot be guessed: this keeps the noise down, and the log readable. */
const SIGN_IN_LIMIT = {
  perAddress: { size: 10, everyMs: 6_000 },
  inAll: { size: 200, everyMs: 250 },
  addresses: 10_000,
}

const SESSIONS = { perToken: 50, inAll: 2_000 }

/** {@link createAccess}, to be closed. */
export interface ConsoleAccess extends Access, AsyncDisposable {}

interface Door {
  readonly settings: AccessSettings
  readonly sessions: Sessions
  readonly limit: RateLimit
}

/**
 * Decides who may come in over the network: bearer tokens for programs, sessions for browsers.
 *
 * Nothing is kept but in memory, no timer runs, and a token that is revoked or expired ends its sessions with the next
 * look at them. Requests are refused that another web page made a browser send; there are no CORS headers ever.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * const access = createAccess({
 *   tokens: fileTokens({ path: 'tokens.json' }),
 *   origins: ['https://deploys.example.com'],
 * })
 */
export function createAccess(options: AccessOptions): ConsoleAccess {
  const settings = parseAccessOptions(options)
  const { sessionTtlMs: ttlMs, sessionIdleMs: idleMs } = settings
  const sessions = createSessions({ ttlMs, idleMs, ...SESSIONS })
  const door = { settings, sessions, limit: createRateLimit(SIGN_IN_LIMIT) }
  const close = (): Promise<void> => Promise.resolve(sessions.clear())
  return {
    admit: (request) => admit(door, request),
    signIn: (request, token) => signIn(door, request, token),
    signOut: (request) => signOut(door, request),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function admit(door: Door, request: IncomingMessage): Actor | undefined {
  const { headers, method } = request
  checkOrigin(method, headers, door.settings.origins)
  const bearer = /^bearer(?: +(.*))?$/i.exec(headers.authorization ?? '')
  if (bearer === null) return bySession(door, request)
  return byToken(door, request, bearer[1]?.trim() ?? '')
}

function byToken(door: Door, request: IncomingMessage, secret: string): Actor {
  const token = lookUp(door, hashOf(secret))
  if (token === undefined) throw consoleError('CHANGEOVER_CONSOLE_CREDENTIALS')
  return actorOf(door, request, token, undefined)
}

/** Undefined where there is none, or none any more: browsers send old cookies by themselves. */
function bySession(door: Door, request: IncomingMessage): Actor | undefined {
  const found = openSession(door, request)
  if (found === undefined) return undefined
  const { headers, method } = request
  if (!isSafe(method)) {
    // Browsers send it with every such request; what does not is no browser, and has no business with a session.
    if (headers.origin === undefined)
      throw consoleError('CHANGEOVER_CONSOLE_ORIGIN', { origin: 'nowhere (no Origin header)' })
    if (!hasCsrf(found.session, headers[CSRF_HEADER])) throw consoleError('CHANGEOVER_CONSOLE_CSRF')
  }
  return actorOf(door, request, found.token, found.session)
}

function openSession(
  door: Door,
  request: IncomingMessage,
): { readonly session: Session; readonly token: StoredToken } | undefined {
  const id = sessionIdOf(door, request)
  const session = id && door.sessions.use(id, door.settings.clock.now())
  if (!id || !session) return undefined
  const token = lookUp(door, Buffer.from(session.tokenHash, 'hex'))
  if (token === undefined) door.sessions.end(id)
  return token && { session, token }
}

function sessionIdOf({ settings }: Door, { headers }: IncomingMessage): string | undefined {
  const secure = sessionCookie(headers.cookie, SECURE_COOKIE)
  if (secure !== undefined || settings.secureCookies === true) return secure
  return sessionCookie(headers.cookie, PLAIN_COOKIE)
}

function signIn(
  door: Door,
  request: IncomingMessage,
  secret: string,
): { readonly actor: Actor; readonly cookie: string } {
  const { settings, sessions, limit } = door
  checkOrigin(request.method, request.headers, settings.origins)
  const now = settings.clock.now()
  const address = settings.addressOf(request)
  const waitMs = limit.take(address, now)
  if (waitMs > 0)
    throw consoleError('CHANGEOVER_CONSOLE_RATE', { seconds: Math.ceil(waitMs / 1000) })
  const token = lookUp(door, hashOf(secret))
  if (token === undefined) throw consoleError('CHANGEOVER_CONSOLE_CREDENTIALS')
  limit.giveBack(address)
  const before = sessionIdOf(door, request)
  if (before !== undefined) sessions.end(before)
  const { id, session } = sessions.open(token, now)
  return {
    actor: actorOf(door, request, token, session),
    cookie: setCookie(id, isSecure(settings, request), settings.sessionTtlMs),
  }
}

/** Whoever has the cookie may end the session, but no other page may make them. */
function signOut(door: Door, request: IncomingMessage): string {
  checkOrigin(request.method, request.headers, door.settings.origins)
  bySession(door, request)
  const id = sessionIdOf(door, request)
  if (id !== undefined) door.sessions.end(id)
  const secure = sessionCookie(request.headers.cookie, SECURE_COOKIE) !== undefined
  return setCookie('', secure || isSecure(door.settings, request), 0)
}

function isSecure({ secureCookies, origins }: AccessSettings, request: IncomingMessage): boolean {
  if (secureCookies !== undefined) return secureCookies
  const { headers } = request
  if (headers.origin !== undefined) return headers.origin.startsWith('https:')
  return !isLoopbackHost(hostOf(headers)) && ![...origins].some(isPlain)
}

function isPlain(origin: string): boolean {
  return origin.startsWith('http:')
}

/**
 * The token of this hash, as it is kept now.
 *
 * @throws ConsoleError `CHANGEOVER_CONSOLE_ACCESS_UNREADABLE` (503); what the matter is goes to the log alone
 */
function lookUp({ settings }: Door, hash: Buffer): StoredToken | undefined {
  const { tokens, clock, logger } = settings
  try {
    return findToken(tokens.list(), hash, clock.now())
  } catch (error) {
    logger.error({ err: error }, 'console: tokens cannot be read, nobody is let in by one')
    throw consoleError('CHANGEOVER_CONSOLE_ACCESS_UNREADABLE', {}, error)
  }
}

function actorOf(
  { settings }: Door,
  request: IncomingMessage,
  { name, role }: StoredToken,
  session: Session | undefined,
): Actor {
  const via = session === undefined ? 'token' : 'session'
  return { name, role, via, csrf: session?.csrf, from: settings.addressOf(request) }
}
