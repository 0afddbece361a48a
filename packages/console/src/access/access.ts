import type { IncomingMessage } from 'node:http'
import type { ActorView, AuditEntry, Role } from '../api/index.ts'

/** Who asks. */
export interface Actor extends ActorView {
  /** Address of the other side; undefined for the socket. */
  readonly from: string | undefined
}

/** Decides who may come in. Every method throws a coded refusal (`ConsoleError`, with its HTTP status). */
export interface Access {
  /**
   * Who asks, by bearer token or session cookie; undefined where the request carries neither. For anything but GET and
   * HEAD the origin is checked too, and for sessions the CSRF token.
   *
   * Streams ask again with the same request every few seconds, and end where it is refused or gives nobody any more:
   * that is how a revoked token stops those who watch.
   */
  admit(request: IncomingMessage): Actor | undefined
  /** Trades a token for a session: what to answer, and the `set-cookie` header. Limited per address and in all. */
  signIn(
    request: IncomingMessage,
    token: string,
  ): { readonly actor: Actor; readonly cookie: string }
  /** Ends the session of the request. @returns the `set-cookie` header that removes it */
  signOut(request: IncomingMessage): string
  close(): Promise<void>
}

/** A token as it is kept: never itself, only its hash. */
export interface StoredToken {
  readonly name: string
  readonly role: Role
  /** SHA-256 of the token, as lower-case hex. */
  readonly hash: string
  readonly createdAt: number
  /** @default never */
  readonly expiresAt?: number
}

/** Where tokens are kept. Read again when it changes, so that a revoked token is refused at once. */
export interface TokenStore {
  list(): readonly StoredToken[]
  close(): Promise<void>
}

/** The console's own journal: every command, refusal and sign-in. */
export interface AuditLog {
  record(entry: Omit<AuditEntry, 'seq' | 'at' | 'prev' | 'hash'>): Promise<void>
  /** The newest first. */
  read(options: {
    readonly before?: number
    readonly limit: number
  }): Promise<readonly AuditEntry[]>
  verify(): Promise<{
    readonly ok: boolean
    readonly entries: number
    readonly problem: string | undefined
  }>
  close(): Promise<void>
}
