import { consoleError } from '../console-error.ts'
import type { Endpoint } from './endpoint.ts'

/** An endpoint that fits a request, and what its path names. */
export interface Match {
  readonly endpoint: Endpoint
  readonly params: Readonly<Record<string, string>>
}

export interface RouteTable {
  /** Whether any endpoint has this path, or what `OPTIONS` is answered. */
  allowed(path: string): readonly string[]
  /** @throws ConsoleError `CHANGEOVER_CONSOLE_NOT_FOUND`, `CHANGEOVER_CONSOLE_METHOD`, `CHANGEOVER_CONSOLE_BODY_INVALID` */
  match(method: string, path: string): Match
}

/** What may stand for a name in a path: nothing that a file system or a terminal reads in its own way. */
const NAME = /^[A-Za-z0-9][\w.~:@+-]{0,199}$/

/** Finds endpoints by method and path. `HEAD` is answered where `GET` is. */
export function routeTable(endpoints: readonly Endpoint[]): RouteTable {
  const routes = endpoints.map((endpoint) => ({ endpoint, parts: endpoint.path.split('/') }))

  function at(path: string): { endpoint: Endpoint; raw: Record<string, string> }[] {
    const given = path.split('/')
    return routes.flatMap(({ endpoint, parts }) => {
      const raw = paramsOf(parts, given)
      return raw ? [{ endpoint, raw }] : []
    })
  }

  const methodsOf = (found: ReturnType<typeof at>): string[] => {
    const methods = found.map(({ endpoint }) => endpoint.method)
    return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS']
  }

  return {
    allowed(path) {
      const found = at(path)
      return found.length === 0 ? [] : methodsOf(found)
    },
    match(method, path) {
      const found = at(path)
      if (found.length === 0)
        throw consoleError('CHANGEOVER_CONSOLE_NOT_FOUND', { what: 'endpoint' })
      const asked = method === 'HEAD' ? 'GET' : method
      const match = found.find(({ endpoint }) => endpoint.method === asked)
      if (match) return { endpoint: match.endpoint, params: decodeAll(match.raw) }
      const allow = methodsOf(found).join(', ')
      throw consoleError('CHANGEOVER_CONSOLE_METHOD', { method, path, allow })
    },
  }
}

function paramsOf(
  parts: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  if (parts.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, part] of parts.entries()) {
    const value = given[i] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = value
    else if (part !== value) return undefined
  }
  return params
}

function decodeAll(raw: Readonly<Record<string, string>>): Record<string, string> {
  const params: Record<string, string> = {}
  for (const [name, value] of Object.entries(raw)) params[name] = decode(name, value)
  return params
}

function decode(what: string, text: string): string {
  const name = decoded(text)
  if (name === undefined || !NAME.test(name))
    throw consoleError('CHANGEOVER_CONSOLE_NOT_FOUND', { what: `${what} of this name` })
  return name
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
