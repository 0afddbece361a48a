/** The session's cookie where the page came over TLS: browsers take it from this very host and no other. */
export const SECURE_COOKIE = '__Host-changeover'
/** The same without TLS, which is for loopback only. */
export const PLAIN_COOKIE = 'changeover'

const SESSION_ID = /^[\w-]{43}$/

/** The session's id in a `cookie` header. Two of one name mean that somebody planted one, and count as none. Pure. */
export function sessionCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  const [value = ''] = values
  return values.length === 1 && SESSION_ID.test(value) ? value : undefined
}

/** The `set-cookie` header that hands out a session, or with an empty `id` takes it back. Pure. */
export function setCookie(id: string, secure: boolean, maxAgeMs: number): string {
  const name = secure ? SECURE_COOKIE : PLAIN_COOKIE
  const age = id === '' ? 0 : Math.floor(maxAgeMs / 1000)
  const flags = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}`
  return `${name}=${id}; ${flags}${secure ? '; Secure' : ''}`
}
