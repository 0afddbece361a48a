import type { IncomingMessage } from 'node:http'
import { consoleError, ConsoleError } from '../console-error.ts'

/** Largest body of a request, in bytes. */
const BODY_LIMIT = 64 * 1024

/** How long a body may take, in milliseconds. */
const BODY_TIMEOUT_MS = 10_000

/**
 * The JSON that a request carries.
 *
 * @throws ConsoleError `CHANGEOVER_CONSOLE_MEDIA_TYPE`, `CHANGEOVER_CONSOLE_BODY_TOO_LARGE`,
 *   `CHANGEOVER_CONSOLE_BODY_TIMEOUT`, `CHANGEOVER_CONSOLE_BODY_INVALID`
 */
export async function readJson(
  request: IncomingMessage,
  timeoutMs: number = BODY_TIMEOUT_MS,
): Promise<unknown> {
  assertJson(request.headers['content-type'])
  const read = parsedBefore(request)
  if (read !== undefined) return read.body
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > BODY_LIMIT) throw tooLarge()
  return parse(await collect(request, timeoutMs))
}

function assertJson(type: string | undefined): void {
  const media = type?.split(';')[0]?.trim().toLowerCase()
  if (media !== 'application/json')
    throw consoleError('CHANGEOVER_CONSOLE_MEDIA_TYPE', { type: type ?? 'not given' })
}

/** A framework may have read the body already, and left what it says on the request. */
function parsedBefore(request: IncomingMessage): { readonly body: unknown } | undefined {
  if (!request.readableEnded || !('body' in request)) return undefined
  return { body: request.body }
}

function collect(request: IncomingMessage, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      request.off('data', take).off('end', end).off('close', cut).off('error', cut)
      act()
    }
    const take = (chunk: Buffer): void => {
      size += chunk.length
      chunks.push(chunk)
      if (size > BODY_LIMIT) settle(() => reject(tooLarge()))
    }
    const end = (): void => settle(() => resolve(Buffer.concat(chunks).toString('utf8')))
    const cut = (): void => settle(() => reject(invalid('it ended before it was complete')))
    const timer = setTimeout(() => {
      const seconds = timeoutMs / 1_000
      settle(() => reject(consoleError('CHANGEOVER_CONSOLE_BODY_TIMEOUT', { seconds })))
    }, timeoutMs)
    request.on('data', take).on('end', end).on('close', cut).on('error', cut)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, withoutPrototype)
  } catch (error) {
    throw error instanceof ConsoleError ? error : invalid('it is no JSON')
  }
}

/** What is copied on from here must not reach an object's prototype. */
function withoutPrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw invalid('it has a field "__proto__"')
  return value
}

function tooLarge(): Error {
  return consoleError('CHANGEOVER_CONSOLE_BODY_TOO_LARGE', { limit: BODY_LIMIT })
}

function invalid(problem: string): Error {
  return consoleError('CHANGEOVER_CONSOLE_BODY_INVALID', { field: 'the body', problem })
}
