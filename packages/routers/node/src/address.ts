/** Where an instance listens. */
export interface Address {
  /** A name or an IP address, an IPv6 one without brackets. */
  readonly host: string
  readonly port: number
}

const SHAPE = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:/\s@]+)):(\d{1,5})$/

/** `host:port` or `[ipv6]:port` taken apart; undefined where it is neither. */
export function parseAddress(text: string): Address | undefined {
  const [, v6, name, digits] = SHAPE.exec(text) ?? []
  const host = v6 ?? name
  const port = Number(digits)
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined
}

/** The address under which a listener on `host` is reached from its own machine. */
export function formatUrl(host: string, port: number): string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`
}
