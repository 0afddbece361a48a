/** Where something listens. */
export interface Address {
  /** A name or an IP address, an IPv6 one without brackets. */
  readonly host: string
  readonly port: number
}

const SHAPE =
  /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9A-Za-z](?:[0-9A-Za-z._-]{0,251}[0-9A-Za-z])?)):(\d{1,5})$/

/**
 * `host:port` or `[ipv6]:port` taken apart; undefined where it is neither. Nothing that it accepts has a meaning in the
 * configuration of a router: no space, quote, brace, semicolon, dollar or line end.
 *
 * @example
 * ```ts
 * parseAddress('[::1]:3000') // { host: '::1', port: 3000 }
 * ```
 */
export function parseAddress(text: string): Address | undefined {
  const [, v6, name, digits] = SHAPE.exec(text) ?? []
  const host = v6 ?? name
  const port = Number(digits)
  if (v6 !== undefined && !v6.includes(':')) return undefined
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined
}

/** `host:port`, or `[ipv6]:port`: what {@link parseAddress} takes apart. */
export function formatAddress({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
