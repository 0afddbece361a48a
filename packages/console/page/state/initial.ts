import type { ActorView, ServiceView } from '../../src/api/index.ts'

/** What the server knew when it sent the page. */
export interface Initial {
  /** Path that the console is mounted at, without a slash at its end. */
  readonly basePath: string
  /** Undefined where nobody is signed in. */
  readonly actor: ActorView | undefined
  readonly services: readonly ServiceView[] | undefined
}

/** Reads what stands in the page; a page that was sent without it asks for everything. */
export function readInitial(text: string): Initial {
  const given = parse(text)
  return {
    basePath: given.basePath ?? '',
    actor: given.actor,
    services: given.services,
  }
}

function parse(text: string): Partial<Initial> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
