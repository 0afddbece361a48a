import { fieldsOf, parseJson } from './json.ts'

/** What Caddy's profile of itself says about earlier configurations. */
export interface OldServers {
  /** Servers of earlier configurations that wait for connections of theirs. */
  readonly stopping: number
  /** Servers that are about to close their listeners. */
  readonly listening: number
  /** Connections of any server on which no request has come yet: an earlier one would still answer it. */
  readonly unused: number
  /** Sessions of HTTP/2 without TLS: they stay with the configuration under which they began. */
  readonly cleartext: number
}

/** Requests in flight by address, from `/reverse_proxy/upstreams`; undefined where it is none of that. Pure. */
export function readInFlight(body: string): ReadonlyMap<string, number> | undefined {
  const list = parseJson(body)
  // Where no proxy is configured, Caddy says null.
  if (!Array.isArray(list)) return list === null ? new Map() : undefined
  const counts = new Map<string, number>()
  for (const entry of list as readonly unknown[]) {
    const { address, num_requests: count } = fieldsOf(entry)
    if (typeof address !== 'string' || typeof count !== 'number') return undefined
    counts.set(address, count)
  }
  return counts
}

/** Counts in a profile of goroutines (`/debug/pprof/goroutine?debug=1`); undefined where it is none. Pure. */
export function readOldServers(profile: string): OldServers | undefined {
  if (!profile.startsWith('goroutine profile:')) return undefined
  const stacks = [...profile.matchAll(/^(\d+) @[^\n]*\n((?:#[^\n]*\n)*)/gm)]
  const count = (wanted: (stack: string) => boolean): number =>
    stacks.reduce((sum, [, many, stack = '']) => sum + (wanted(stack) ? Number(many) : 0), 0)
  return {
    stopping: count((stack) => isStopping(stack) && stack.includes(SHUTDOWN)),
    listening: count((stack) => isStopping(stack) && !stack.includes(SHUTDOWN)),
    unused: count(isUnused),
    cleartext: count((stack) => stack.includes('h2c.h2cHandler') && isSession(stack)),
  }
}

const SHUTDOWN = 'net/http.(*Server).Shutdown'

function isStopping(stack: string): boolean {
  return (
    (stack.includes(SHUTDOWN) && !/admin/i.test(stack)) || stack.includes('caddyhttp.(*App).Stop')
  )
}

/** In a TLS handshake, or reading a head. One that waits for its next request is closed as soon as its server stops. */
function isUnused(stack: string): boolean {
  const idle = stack.includes('bufio.(*Reader).Peek') && !stack.includes('readRequest')
  return stack.includes('net/http.(*conn).serve') && !stack.includes('.ServeHTTP') && !idle
}

function isSession(stack: string): boolean {
  return /http2.*erverConn\)\.serve\+/.test(stack)
}

/** Whether a Caddy with this command line and this `/config/admin` starts again with what it was told last. Pure. */
export function readDurable(commandLine: string, adminConfig: string): boolean {
  const { config } = fieldsOf(parseJson(adminConfig))
  const persists = fieldsOf(config)['persist'] !== false
  return persists && commandLine.split('\0').some((part) => /^--?resume(?:=true)?$/.test(part))
}
