import { join } from 'node:path'
import type { FileTokens } from '@changeover/console'
import type { Role } from '@changeover/console/api'
import { commandError } from '../client/command-error.ts'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { dateAndTime } from '../view/amounts.ts'
import { tableLines } from '../view/table.ts'
import { isRoot } from './connect.ts'
import type { Shell } from './shell.ts'

const ROLES: readonly Role[] = ['viewer', 'approver', 'operator']
const DAY_MS = 86_400_000

/** Makes a token, and shows it this once. */
export async function runTokenCreate(shell: Shell): Promise<ExitCode> {
  const { createToken } = await import('@changeover/console')
  const { options, terminal } = shell
  const role = options.choice('role', ROLES, 'viewer')
  const days = options.text('days') === undefined ? undefined : options.count('days', 1)
  const expiry = days === undefined ? {} : { expiresAt: shell.now() + days * DAY_MS }
  const { token, stored } = createToken({ name: options.argument(0), role, ...expiry })
  await (await tokensOf(shell, 'change')).add(stored)
  if (shell.isJson) shell.json('token', { name: stored.name, role, token })
  else {
    terminal.err(
      `Token of ${stored.name} (${role}). It is shown this once; give it by CHANGEOVER_TOKEN or --token-file:`,
    )
    terminal.out(token)
  }
  return EXIT.ok
}

export async function runTokenList(shell: Shell): Promise<ExitCode> {
  const tokens = (await tokensOf(shell)).list().map(({ name, role, createdAt, expiresAt }) => ({
    name,
    role,
    createdAt,
    expiresAt: expiresAt ?? null,
  }))
  const rows = tokens.map(({ name, role, createdAt, expiresAt }) => [
    name,
    role,
    dateAndTime(createdAt),
    expiresAt === null ? 'never' : dateAndTime(expiresAt),
  ])
  const { terminal } = shell
  if (shell.isJson) shell.json('tokens', { tokens })
  else if (rows.length === 0) terminal.out('There are no tokens.')
  else
    terminal.out(
      tableLines(['NAME', 'ROLE', 'CREATED', 'EXPIRES'], rows, terminal.style).join('\n'),
    )
  return EXIT.ok
}

/** The agent refuses it from the next request on. */
export async function runTokenRevoke(shell: Shell): Promise<ExitCode> {
  const name = shell.options.argument(0)
  await (await tokensOf(shell, 'change')).revoke(name)
  if (shell.isJson) shell.json('token', { name, role: null, token: null })
  else shell.terminal.out(`Token of ${name} is revoked.`)
  return EXIT.ok
}

/** In the agent's directory, which only its owner can open. */
async function tokensOf({ directory }: Shell, use?: 'change'): Promise<FileTokens> {
  const [{ fileTokens }, { mkdir, stat }] = await Promise.all([
    import('@changeover/console'),
    import('node:fs/promises'),
  ])
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw commandError(
      'CHANGEOVER_FILE_UNREADABLE',
      { file: directory, problem, field: '--directory' },
      error,
    )
  }
  const { uid } = await stat(directory)
  if (use === 'change' && isRoot() && uid !== 0)
    throw commandError('CHANGEOVER_FILE_UNREADABLE', {
      file: join(directory, 'tokens.json'),
      problem: `user ${uid} runs the agent, which could not read what root writes`,
      field: `the call: sudo -u '#${uid}' changeover token`,
    })
  return fileTokens({ path: join(directory, 'tokens.json') })
}
