import type { IncomingMessage } from 'node:http'
import {
  checkOptions,
  type Clock,
  type Duration,
  portSchema,
  refuse,
  systemClock,
  toMs,
} from '@changeover/engine'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import type { TokenStore } from './access.ts'

/** Options of {@link createAccess}. */
export interface AccessOptions {
  readonly tokens: TokenStore
  /**
   * Where the console is reached from outside, such as `https://deploys.example.com`: what a reverse proxy shows, or
   * what the server is that it is mounted in. Requests under any other name are refused.
   * @default only loopback, under whatever port
   */
  readonly origins?: readonly string[]
  /**
   * Whether sessions take cookies that browsers send over TLS alone.
   * @default those opened from a page of an `https` origin
   */
  readonly secureCookies?: boolean
  /** Longest time from sign-in to the end of a session. @default '12h' */
  readonly sessionTtl?: Duration
  /** Longest time without a request. An open page makes requests. @default '1h' */
  readonly sessionIdle?: Duration
  /**
   * Whose address a request comes from, for the limit on signing in and for the audit log. Behind a reverse proxy:
   * what that proxy puts into a header, and nobody else can.
   * @default the other side of the connection
   */
  readonly addressOf?: (request: IncomingMessage) => string | undefined
  /** Where it tells that tokens cannot be read. @default silent */
  readonly logger?: Logger
  /** @default the machine's own */
  readonly clock?: Clock
}

/** Options after the check, with the defaults filled in. */
export interface AccessSettings {
  readonly tokens: TokenStore
  readonly origins: ReadonlySet<string>
  readonly secureCookies: boolean | undefined
  readonly sessionTtlMs: number
  readonly sessionIdleMs: number
  readonly addressOf: (request: IncomingMessage) => string | undefined
  readonly logger: Logger
  readonly clock: Clock
}

const duration = z.union([z.number(), z.string()]).optional()

const schema = z.strictObject({
  tokens: portSchema('token store', ['list', 'close']),
  origins: z.array(z.string().refine(isOrigin, 'it is no origin')).optional(),
  secureCookies: z.boolean().optional(),
  sessionTtl: duration,
  sessionIdle: duration,
  addressOf: z.custom((value) => typeof value === 'function', 'it is no function').optional(),
  logger: portSchema('pino logger', ['warn', 'error', 'child']).optional(),
  clock: portSchema('clock', ['now', 'sleep']).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  tokens: "Give fileTokens({ path: 'tokens.json' }), or another token store.",
  origins:
    "Give a list such as ['https://deploys.example.com']: scheme, host and port, nothing after.",
  secureCookies: 'Give true or false, or leave it out.',
  sessionTtl: "Give milliseconds above 0 or a string such as '12h'.",
  sessionIdle: "Give milliseconds above 0 or a string such as '1h'.",
  addressOf: 'Give a function of the request.',
  '': 'Give any of tokens, origins, secureCookies, sessionTtl, sessionIdle, addressOf, logger, clock; tokens is required.',
}

/**
 * Checks the options once.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 */
export function parseAccessOptions(options: AccessOptions): AccessSettings {
  checkOptions(schema, options, '', { remedies: REMEDIES })
  const { tokens, origins = [], secureCookies, addressOf, logger, clock } = options
  return Object.freeze({
    tokens,
    origins: new Set(origins.map((origin) => new URL(origin).origin)),
    secureCookies,
    sessionTtlMs: positiveMs(options.sessionTtl ?? '12h', 'sessionTtl'),
    sessionIdleMs: positiveMs(options.sessionIdle ?? '1h', 'sessionIdle'),
    addressOf: addressOf ?? ((request) => request.socket.remoteAddress),
    logger: logger ?? pino({ enabled: false }),
    clock: clock ?? systemClock(),
  })
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, pathname, search, hash, username, password } = new URL(text)
  const bare = pathname === '/' && search + hash + username + password === ''
  return bare && (protocol === 'https:' || protocol === 'http:')
}

function positiveMs(value: Duration, field: string): number {
  const ms = toMs(value, field)
  if (ms > 0) return ms
  const remedy = REMEDIES[field]
  throw refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem: 'it is 0', remedy })
}
