import type { IncomingMessage } from 'node:http'
import type { ErrorAnswer } from '@changeover/console/api'
import { CommandError, commandError, wordsOf } from './command-error.ts'
import { EXIT, type ExitCode } from './exit-code.ts'

/** What the answer holds. @throws CommandError the agent's refusal, with its code, or `CHANGEOVER_ANSWER_UNREADABLE` */
export async function readAnswer<T>(
  response: IncomingMessage,
  call: string,
  where: string,
): Promise<T> {
  const text = await readText(response)
  if (!isGood(response) || !isJson(text)) throw refusalIn(text, response, call, where)
  // Both sides speak version 1 of the API, whose types are those of the paths that are asked.
  const answer: T = JSON.parse(text)
  return answer
}

/** The same for an answer that is plain text. */
export async function readPlain(
  response: IncomingMessage,
  call: string,
  where: string,
): Promise<string> {
  const text = await readText(response)
  if (isGood(response)) return text
  throw refusalIn(text, response, call, where)
}

function isGood({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300
}

function refusalIn(
  text: string,
  { statusCode = 0 }: IncomingMessage,
  call: string,
  where: string,
): CommandError {
  const refusal: unknown = isJson(text) ? JSON.parse(text) : undefined
  if (isRefusal(refusal)) {
    const { code, message } = refusal.error
    return new CommandError(code, message, { exitCode: exitOf(statusCode) })
  }
  const problem = text === '' ? 'nothing in it' : JSON.stringify(text.slice(0, 80))
  return commandError('CHANGEOVER_ANSWER_UNREADABLE', {
    where,
    call,
    problem: `status ${statusCode}, ${problem}`,
  })
}

async function readText(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const piece of response) text += String(piece)
  return text
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isRefusal(value: unknown): value is ErrorAnswer {
  if (typeof value !== 'object' || value === null || !('error' in value)) return false
  const { error } = value
  if (typeof error !== 'object' || error === null) return false
  return 'code' in error && 'message' in error && typeof error.code === 'string'
}

/** 503 says that somebody else leads or that it is closing: nothing was changed either. */
function exitOf(status: number): ExitCode {
  return status < 500 || status === 503 ? EXIT.refused : EXIT.unexpected
}

/** What went wrong before there was an answer. */
export function connectionError(
  error: unknown,
  where: string,
  kind: 'socket' | 'url',
): CommandError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const remedy = kind === 'socket' ? socketRemedy(code) : urlRemedy(code)
  const problem = code === '' ? wordsOf(error) : code
  return commandError('CHANGEOVER_AGENT_UNREACHABLE', { where, problem, remedy }, error)
}

function socketRemedy(code: string): string {
  if (code === 'EACCES' || code === 'EPERM')
    return "The socket is its owner's alone: run the command as the user that runs the agent, or give --url and a token."
  return "Start it: changeover agent; or name its directory by --directory or CHANGEOVER_DIRECTORY, or another machine's by --url."
}

function urlRemedy(code: string): string {
  if (/CERT|SELF_SIGNED|VERIFY|ALTNAME/.test(code))
    return 'Its certificate is not trusted here: give the authority that signed it by --ca.'
  return 'See that the agent runs, that its config opens this address by http, and that nothing on the way refuses it.'
}
