import type { ActorView, ServiceView } from '../api/index.ts'

/** What the page knows when it is loaded. */
export interface InitialData {
  readonly basePath: string
  /** Only for somebody who is signed in. */
  readonly actor?: ActorView
  readonly services?: readonly ServiceView[]
}

/** The page, told where it is mounted and what it is to show first. Pure. */
export function pageText(index: string, initial: InitialData): string {
  // Functions, since a string would be searched for `$&` and the like.
  return index
    .replaceAll('/__BASE__', () => initial.basePath)
    .replace('__INITIAL__', () => scriptJson(initial))
}

/** JSON that can stand in a script element: nothing in it can end that, whatever services are called. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
