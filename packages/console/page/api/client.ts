import { errorOf, type Result, unreachable } from './page-error.ts'
import { createServerClock, type ServerClock } from './server-clock.ts'

/** Asks the server that the page came from. */
export interface Client {
  readonly basePath: string
  readonly clock: ServerClock
  get<Answer>(path: string): Promise<Result<Answer>>
  getText(path: string): Promise<Result<string>>
  post<Answer>(path: string, body: object): Promise<Result<Answer>>
  delete<Answer>(path: string): Promise<Result<Answer>>
}

export interface ClientOptions {
  readonly basePath: string
  /** To be sent with every command; undefined where nobody is signed in. */
  readonly csrf: () => string | undefined
  /** The session is over. */
  readonly onSignedOut: () => void
}

interface Asked {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: object
}

export function createClient({ basePath, csrf, onSignedOut }: ClientOptions): Client {
  const clock = createServerClock()

  async function askText({ method, path, body }: Asked): Promise<Result<string>> {
    const headers = headersOf(method, csrf(), body !== undefined)
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    try {
      const credentials = 'same-origin'
      const response = await fetch(`${basePath}${path}`, {
        method,
        credentials,
        headers,
        ...content,
      })
      clock.note(response.headers.get('date'))
      if (response.status === 401) onSignedOut()
      const text = await response.text()
      if (response.ok) return { ok: true, answer: text }
      return { ok: false, error: errorOf(response.status, parse(text)) }
    } catch {
      return { ok: false, error: unreachable() }
    }
  }

  async function ask<Answer>(asked: Asked): Promise<Result<Answer>> {
    const result = await askText(asked)
    if (!result.ok) return result
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server that sent the page answers as its API says
    return { ok: true, answer: parse(result.answer) as Answer }
  }

  return {
    basePath,
    clock,
    get: (path) => ask({ method: 'GET', path }),
    getText: (path) => askText({ method: 'GET', path }),
    post: (path, body) => ask({ method: 'POST', path, body }),
    delete: (path) => ask({ method: 'DELETE', path }),
  }
}

function headersOf(
  method: Asked['method'],
  csrf: string | undefined,
  carries: boolean,
): Record<string, string> {
  return {
    accept: 'application/json, text/plain',
    ...(carries ? { 'content-type': 'application/json' } : {}),
    ...(csrf === undefined || method === 'GET' ? {} : { 'x-changeover-csrf': csrf }),
  }
}

/** Undefined where it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An id that no command had before. `crypto.randomUUID` is missing where the page is no secure context. */
export function commandId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
