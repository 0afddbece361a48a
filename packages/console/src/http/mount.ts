import type { IncomingMessage } from 'node:http'

/** Where a request leads. */
export interface Mounted {
  /** Path that the console is mounted at, without a slash at its end. */
  readonly basePath: string
  /** Path below it, from its slash on. */
  readonly path: string
  readonly search: string
}

/**
 * Where below the console a request leads; undefined where it leads elsewhere. Express and Connect cut the path that
 * they mount a handler at, and tell it apart. Pure.
 */
export function mountedAt(
  request: Pick<IncomingMessage, 'url'>,
  basePath: string | undefined,
): Mounted | undefined {
  const whole = textOf(request, 'originalUrl') ?? request.url ?? '/'
  const base = basePath ?? textOf(request, 'baseUrl') ?? ''
  const query = whole.indexOf('?')
  const path = query < 0 ? whole : whole.slice(0, query)
  if (path !== base && !path.startsWith(`${base}/`)) return undefined
  const search = query < 0 ? '' : whole.slice(query)
  return { basePath: base, path: path.slice(base.length) || '/', search }
}

function textOf(request: object, key: 'originalUrl' | 'baseUrl'): string | undefined {
  const value: unknown = Reflect.get(request, key)
  return typeof value === 'string' ? value : undefined
}
