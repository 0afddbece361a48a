import type { Pool } from '@changeover/engine'
import { upstreamName } from './conf-text.ts'

/** How connections to instances are kept. */
export interface UpstreamSettings {
  /** Idle connections that each worker keeps; 0 makes a new one for each request. */
  readonly idleConnections: number
  /** Below the instances' own limit, which is 5 s for a Node server. */
  readonly idleMs: number
}

/**
 * An upstream for a release. `max_fails=0`: by default nginx avoids a server for ten seconds after a single stale
 * connection, and answers 502 where it was the only one.
 */
export function upstreamConfig(
  service: string,
  { release, instances }: Pool,
  settings: UpstreamSettings,
): string {
  const name = upstreamName(service, release)
  const servers = instances.map(({ address }) => `  server ${address} max_fails=0;`)
  const block = (suffix: string, more: readonly string[]): string =>
    [`upstream ${name}${suffix} {`, ...servers, ...more, '}'].join('\n')
  return [block('', keepalive(settings)), block('_once', [])].join('\n')
}

/**
 * What is appended to the upstream of requests that may do harm when they are done twice: they get a connection of their
 * own, so that none meets one that its instance has just closed, which nginx would answer with 502 or by sending it again.
 */
export function onceConfig(name: string): string {
  const safe = ['GET', 'HEAD', 'OPTIONS'].map((method) => `  ${method} "";`)
  return [`map $request_method $${name}_once {`, ...safe, '  default _once;', '}'].join('\n')
}

/** The directives that keep idle connections, where they are kept. */
export function keepalive({ idleConnections, idleMs }: UpstreamSettings): string[] {
  return idleConnections > 0 && idleMs > 0
    ? [`  keepalive ${idleConnections};`, `  keepalive_timeout ${idleMs}ms;`]
    : []
}
