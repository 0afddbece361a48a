/** What a request asks for, in the form that an origin server gets. */
export interface RequestTarget {
  readonly path: string
  /** Host of an absolute target, which overrides the Host header (RFC 9112 section 3.2.2). */
  readonly authority?: string
}

/** Takes a request target apart; undefined where it is of no form that this router serves. */
export function requestTarget(method: string, url: string): RequestTarget | undefined {
  if (url.startsWith('/')) return { path: url }
  if (url === '*') return method === 'OPTIONS' ? { path: '*' } : undefined
  const [, authority, rest] = /^https?:\/\/([^/?#\s@]+)((?:[/?].*)?)$/i.exec(url) ?? []
  if (authority === undefined || rest === undefined) return undefined
  return { authority, path: rest.startsWith('/') ? rest : `/${rest}` }
}
