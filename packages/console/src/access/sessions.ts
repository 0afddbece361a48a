import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { StoredToken } from './access.ts'
import { hashOf } from './token.ts'

export interface SessionsOptions {
  /** From sign-in to the end. */
  readonly ttlMs: number
  /** Without a request. */
  readonly idleMs: number
  readonly perToken: number
  readonly inAll: number
}

export interface Session {
  /** Of the token that it was opened with: it ends with it. */
  readonly tokenHash: string
  /** What every unsafe request carries. */
  readonly csrf: string
  readonly openedAt: number
  usedAt: number
}

/** Sessions of browsers, in memory: a restart signs everybody out. Only hashes of their ids are kept. */
export interface Sessions {
  /** @returns the id, for the cookie */
  open(token: StoredToken, now: number): { readonly id: string; readonly session: Session }
  /** The session, which counts as used by that. */
  use(id: string, now: number): Session | undefined
  end(id: string): void
  clear(): void
  readonly size: number
}

const ID_BYTES = 32

export function createSessions(options: SessionsOptions): Sessions {
  const { ttlMs, idleMs, perToken, inAll } = options
  // In the order of their last use.
  const sessions = new Map<string, Session>()
  const isOver = ({ openedAt, usedAt }: Session, now: number): boolean =>
    now - openedAt >= ttlMs || now - usedAt >= idleMs
  const makeRoom = (tokenHash: string, now: number): void => {
    for (const [key, session] of sessions) if (isOver(session, now)) sessions.delete(key)
    const own = [...sessions].filter(([, session]) => session.tokenHash === tokenHash)
    const surplus = own.length - perToken + 1
    for (const [key] of own.slice(0, Math.max(0, surplus))) sessions.delete(key)
    for (const key of sessions.keys()) if (sessions.size >= inAll) sessions.delete(key)
  }
  return {
    open(token, now) {
      makeRoom(token.hash, now)
      const id = randomId()
      const session = { tokenHash: token.hash, csrf: randomId(), openedAt: now, usedAt: now }
      sessions.set(keyOf(id), session)
      return { id, session }
    },
    use(id, now) {
      const key = keyOf(id)
      const session = sessions.get(key)
      if (session === undefined) return undefined
      sessions.delete(key)
      if (isOver(session, now)) return undefined
      session.usedAt = now
      sessions.set(key, session)
      return session
    },
    end: (id) => void sessions.delete(keyOf(id)),
    clear: () => sessions.clear(),
    get size() {
      return sessions.size
    },
  }
}

/** Whether a request carries the session's token; the time it takes tells nothing of it. Pure. */
export function hasCsrf({ csrf }: Session, given: unknown): boolean {
  return typeof given === 'string' && timingSafeEqual(hashOf(given), hashOf(csrf))
}

function randomId(): string {
  return randomBytes(ID_BYTES).toString('base64url')
}

/** Looking up a hash takes a time that tells of the hash, and nothing of the id. */
function keyOf(id: string): string {
  return hashOf(id).toString('hex')
}
