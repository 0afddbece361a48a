import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { checkOptions, type Clock, portSchema, systemClock } from '@changeover/engine'
import { z } from 'zod'
import type { Role } from '../api/index.ts'
import type { StoredToken } from './access.ts'
import { isActorName } from './actor-name.ts'

/** Options of {@link createToken}. */
export interface CreateTokenOptions {
  /** Whose it is: 1 to 64 letters, digits, `.`, `_`, `@`, `+`, `-`. Journals and the audit log name it. */
  readonly name: string
  readonly role: Role
  /** In milliseconds since the epoch. @default never */
  readonly expiresAt?: number
  /** @default the machine's own */
  readonly clock?: Clock
}

/** A new token. */
export interface CreatedToken {
  /** Shown once; nobody but its owner keeps it. `co_` and 43 characters. */
  readonly token: string
  /** What the console keeps. */
  readonly stored: StoredToken
}

const PREFIX = 'co_'
const TOKEN_BYTES = 32

const options = z.strictObject({
  name: z.string().refine(isActorName, 'it is no name for the journal'),
  role: z.enum(['viewer', 'approver', 'operator']),
  expiresAt: z.number().int().positive().optional(),
  clock: portSchema('clock', ['now']).optional(),
})

const remedies = {
  name: 'Give 1 to 64 letters, digits, ".", "_", "@", "+" or "-", beginning with a letter, digit or "_".',
  role: 'Give viewer, approver or operator.',
  expiresAt: 'Give milliseconds since the epoch, or leave it out.',
}

/**
 * Makes a token with 256 random bits. `prefix co_` lets scanners for leaked secrets find it.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * const { token, stored } = createToken({ name: 'alice', role: 'approver' })
 * await fileTokens({ path: 'tokens.json' }).add(stored)
 * process.stdout.write(`${token}\n`)
 */
export function createToken(given: CreateTokenOptions): CreatedToken {
  checkOptions(options, given, '', { remedies })
  const { name, role, expiresAt, clock = systemClock() } = given
  const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url')
  const hash = hashOf(token).toString('hex')
  const stored = { name, role, hash, createdAt: clock.now() }
  return { token, stored: expiresAt === undefined ? stored : { ...stored, expiresAt } }
}

/**
 * SHA-256, and no slow hash on purpose: slowness protects passwords, which can be guessed. A token has 256 random
 * bits, so that whoever has the hash is no nearer to it, and a slow hash would only be a way to keep the agent busy.
 */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/**
 * The token of this hash that is valid at `now`. Every one is compared, and none is left early, so that the time
 * tells neither which one it was nor how much of it was right. Pure.
 *
 * @param equal the comparison, of equally long buffers
 */
export function findToken(
  tokens: readonly StoredToken[],
  hash: Buffer,
  now: number,
  equal: (one: Buffer, other: Buffer) => boolean = timingSafeEqual,
): StoredToken | undefined {
  const found = tokens.filter((token) => equal(bytesOf(token), hash))
  return found.find((token) => isValidAt(token, now))
}

const decoded = new WeakMap<StoredToken, Buffer>()

/** Decoded once: every request is compared with every token. */
function bytesOf(token: StoredToken): Buffer {
  const known = decoded.get(token)
  if (known !== undefined) return known
  const bytes = Buffer.from(token.hash, 'hex')
  decoded.set(token, bytes)
  return bytes
}

function isValidAt({ expiresAt = Infinity }: StoredToken, now: number): boolean {
  return now < expiresAt
}
