import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs'
import { open, rename, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ChangeoverError, checkOptions, systemClock, withFileLock } from '@changeover/engine'
import { z } from 'zod'
import { consoleError } from '../console-error.ts'
import type { StoredToken, TokenStore } from './access.ts'
import { sameActor } from './actor-name.ts'
import { syncFolder } from './sync-folder.ts'
import { formatTokenList, parseTokenList } from './token-list.ts'

/** Options of {@link fileTokens}. */
export interface FileTokensOptions {
  /** The file; it need not exist, which means no tokens. Its folder must. */
  readonly path: string
}

/** Tokens in a file. Changes come into force with the next request, whoever makes them. */
export interface FileTokens extends TokenStore, AsyncDisposable {
  /**
   * Durable when it resolves.
   *
   * @throws ConsoleError `CHANGEOVER_CONSOLE_TOKEN_TAKEN`, `CHANGEOVER_CONSOLE_TOKENS_INVALID`,
   *   `CHANGEOVER_CONSOLE_TOKENS_EXPOSED`
   */
  add(token: StoredToken): Promise<void>
  /**
   * Durable when it resolves. The sessions of the token end with it.
   *
   * @throws ConsoleError `CHANGEOVER_CONSOLE_TOKEN_UNKNOWN`, and as `add` does
   */
  revoke(name: string): Promise<void>
}

interface Read {
  readonly stamp: string
  readonly tokens: readonly StoredToken[]
}

const NOTHING: Read = { stamp: 'none', tokens: [] }
const LOCK_WAIT_MS = 10_000
/** Two writes within one tick of the file system's clock may look alike. */
const TICK_MS = 100

const schema = z.strictObject({ path: z.string().min(1) })

/**
 * Keeps tokens in a file of the mode 0600, replaced as a whole. It is looked at again for each request, so that a
 * token revoked by another process is refused at once.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * const tokens = fileTokens({ path: 'tokens.json' })
 * await tokens.revoke('mallory')
 */
export function fileTokens(options: FileTokensOptions): FileTokens {
  checkOptions(schema, options, '', { remedies: { path: 'Give the path of a file.' } })
  const path = resolve(options.path)
  let latest = NOTHING
  const list = (): readonly StoredToken[] => {
    try {
      return (latest = readTokens(path, latest)).tokens
    } catch (error) {
      throw told(path, error)
    }
  }
  const change = async (
    work: (tokens: readonly StoredToken[]) => readonly StoredToken[],
  ): Promise<void> => {
    const locked = (): Promise<void> => replaceFile(path, checkedText(path, work(list())))
    const options = { clock: systemClock(), waitMs: LOCK_WAIT_MS }
    try {
      await withFileLock(`${path}.lock`, locked, options)
    } catch (error) {
      throw told(path, error)
    }
  }
  return {
    list,
    add: (token) => change((tokens) => withToken(tokens, token)),
    revoke: (name) => change((tokens) => withoutToken(tokens, name)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** What the file is to hold; nothing that would be refused when it is read again. */
function checkedText(path: string, tokens: readonly StoredToken[]): string {
  const text = formatTokenList(tokens)
  const parsed = parseTokenList(text)
  if (parsed.ok) return text
  const { place, problem } = parsed
  throw consoleError('CHANGEOVER_CONSOLE_TOKENS_INVALID', { path, place, problem })
}

/** The error with a code, where it is one of the system's. */
function told(path: string, error: unknown): unknown {
  if (error instanceof ChangeoverError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const details = { path, place: 'the file', problem: `it cannot be used (${code})` }
  return consoleError('CHANGEOVER_CONSOLE_TOKENS_INVALID', details, error)
}

/** Nothing is held between requests. */
function close(): Promise<void> {
  return Promise.resolve()
}

function withToken(tokens: readonly StoredToken[], token: StoredToken): readonly StoredToken[] {
  if (tokens.some(({ name }) => sameActor(name, token.name)))
    throw consoleError('CHANGEOVER_CONSOLE_TOKEN_TAKEN', { name: token.name })
  return [...tokens, token]
}

function withoutToken(tokens: readonly StoredToken[], name: string): readonly StoredToken[] {
  const rest = tokens.filter((token) => !sameActor(token.name, name))
  if (rest.length < tokens.length) return rest
  throw consoleError('CHANGEOVER_CONSOLE_TOKEN_UNKNOWN', { name })
}

/** What the file holds now; `latest` where it is still the same. */
function readTokens(path: string, latest: Read): Read {
  const seen = statSync(path, { throwIfNoEntry: false })
  if (seen === undefined) return NOTHING
  if (latest.stamp === stampOf(seen)) return latest
  return read(path)
}

function read(path: string): Read {
  const file = openSync(path, 'r')
  try {
    const stats = fstatSync(file)
    const problem = exposure(stats, statSync(dirname(path)))
    if (problem !== undefined)
      throw consoleError('CHANGEOVER_CONSOLE_TOKENS_EXPOSED', { path, problem })
    const parsed = parseTokenList(readFileSync(file, 'utf8'))
    if (!parsed.ok) {
      const { place, problem } = parsed
      throw consoleError('CHANGEOVER_CONSOLE_TOKENS_INVALID', { path, place, problem })
    }
    const settled = Date.now() - stats.mtimeMs > TICK_MS
    return { stamp: settled ? stampOf(stats) : 'young', tokens: parsed.tokens }
  } finally {
    closeSync(file)
  }
}

function stampOf({ dev, ino, size, mode, uid, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mode, uid, mtimeMs, ctimeMs].join(':')
}

const OTHERS_ANY = 0o077
const OTHERS_WRITE = 0o022
const STICKY = 0o1000

/** Why others may read or replace the file, if they may. Pure, but for who we are. */
function exposure(file: Stats, folder: Stats): string | undefined {
  if (!file.isFile()) return 'it is no plain file'
  const me = process.getuid?.()
  // Windows tells neither owners nor modes.
  if (me === undefined) return undefined
  if (file.uid !== me && file.uid !== 0) return `it belongs to the user ${file.uid}`
  if ((file.mode & OTHERS_ANY) !== 0) return `its mode is ${octal(file)}`
  if ((folder.mode & OTHERS_WRITE) !== 0 && (folder.mode & STICKY) === 0)
    return `others may replace it, since the mode of its folder is ${octal(folder)}`
  return undefined
}

function octal({ mode }: Stats): string {
  return `0${(mode & 0o7777).toString(8)}`
}

/** Either the old content or the new one is there after a crash, and the new one once this resolves. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeDurably(draft, text)
    await rename(draft, path)
  } catch (error) {
    await unlink(draft).catch(() => undefined)
    throw error
  }
  await syncFolder(dirname(path))
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
