import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { agentDirectory } from '../client/agent-directory.ts'
import { type Client, createClient } from '../client/client.ts'
import { commandError, wordsOf } from '../client/command-error.ts'
import { endpointOf } from '../client/endpoint.ts'

/** What command line and environment say about the agent. */
export interface ConnectionWish {
  readonly directory: string | undefined
  readonly url: string | undefined
  readonly tokenFile: string | undefined
  readonly ca: string | undefined
  readonly timeout: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** The command line before the environment, and that before the agent of this machine. */
export function connect(wish: ConnectionWish, env: Environment, signal: AbortSignal): Client {
  const url =
    wish.url ?? (wish.directory === undefined ? env['CHANGEOVER_URL'] || undefined : undefined)
  const token =
    wish.tokenFile === undefined
      ? env['CHANGEOVER_TOKEN'] || undefined
      : fileLine(wish.tokenFile, '--token-file')
  const endpoint = endpointOf({
    directory: agentDirectory(wish.directory, env, isRoot()),
    url,
    token,
    ca: wish.ca === undefined ? undefined : fileLine(wish.ca, '--ca'),
  })
  return createClient({ endpoint, actor: actorOf(env), timeoutMs: timeoutOf(wish.timeout), signal })
}

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

function timeoutOf(text = '30'): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 86_400) return seconds * 1_000
  throw commandError('CHANGEOVER_USAGE', {
    problem: `Option --timeout takes seconds above 0, not ${JSON.stringify(text)}`,
    command: '',
  })
}

function fileLine(file: string, field: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw commandError(
      'CHANGEOVER_FILE_UNREADABLE',
      { file, field, problem: wordsOf(error) },
      error,
    )
  }
}

/** Who asks, by the name that the machine knows them by; behind sudo, whoever called it. */
function actorOf(env: Environment): string {
  const name = (isRoot() ? env['SUDO_USER'] : undefined) || userName()
  const plain = name.replaceAll(/[^\w.@+-]/g, '_').replace(/^[.@+-]+/, '')
  return plain.slice(0, 64) || 'local'
}

/** A container may know no name for the user that it runs as. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `user_${process.getuid?.() ?? 0}`
  }
}
