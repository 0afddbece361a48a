/**
 * Whether somebody has signed in with this browser and not signed out: then there may be a session that the page was sent
 * without. Nothing secret, and nothing that the server relies on.
 */
export interface SessionHint {
  isSet(): boolean
  set(signedIn: boolean): void
}

export function createSessionHint(basePath: string): SessionHint {
  const key = `changeover-signed-in ${basePath}`
  return {
    isSet: () => tried(() => localStorage.getItem(key) !== null) ?? false,
    set: (signedIn) => {
      tried(() => (signedIn ? localStorage.setItem(key, '') : localStorage.removeItem(key)))
    },
  }
}

/** A browser may be set to keep nothing at all. */
function tried<Value>(act: () => Value): Value | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}
