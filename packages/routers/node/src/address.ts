/** The address under which a listener on `host` is reached from its own machine. */
export function formatUrl(host: string, port: number, scheme: 'http' | 'https' = 'http'): string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${scheme}://${near.includes(':') ? `[${near}]` : near}:${port}`
}
