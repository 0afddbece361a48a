import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { ChangeoverError } from '@changeover/engine'
import {
  ADAPTER_HEADER,
  type CallArguments,
  type CallName,
  type CallResults,
  type Reply,
} from './protocol.ts'

/** What became of a call. `unreached`: nobody was there. `lost`: it was sent, and no answer came. */
export type Called<Result> =
  | { readonly outcome: 'answered'; readonly result: Result }
  | { readonly outcome: 'unreached' | 'lost'; readonly reason: string }

/** Where a process takes its calls, and who calls. */
export interface CallTarget {
  readonly socketPath: string
  readonly adapter: string
}

/**
 * Makes one call on a connection of its own, so that no answer is lost to one that had just been closed.
 *
 * @throws ChangeoverError what the process refused the call with
 * @throws the signal's reason
 */
export async function callProcess<Name extends CallName>(
  { socketPath, adapter }: CallTarget,
  name: Name,
  call: CallArguments[Name],
  signal: AbortSignal,
): Promise<Called<CallResults[Name]>> {
  signal.throwIfAborted()
  let connected = false
  try {
    const body = await new Promise<string>((resolve, reject) => {
      const headers = { [ADAPTER_HEADER]: adapter, 'Content-Type': 'application/json' }
      const sent = request({
        socketPath,
        path: `/${name}`,
        method: 'POST',
        agent: false,
        headers,
        signal,
      })
      sent.once('socket', (socket) => socket.once('connect', () => (connected = true)))
      sent.once('error', reject)
      sent.once('response', (response) => void text(response).then(resolve, reject))
      sent.end(JSON.stringify(call))
    })
    return answered(body)
  } catch (error) {
    if (error instanceof ChangeoverError) throw error
    if (signal.aborted) throw signal.reason
    const reason = error instanceof Error ? error.message : String(error)
    return { outcome: connected ? 'lost' : 'unreached', reason }
  }
}

/** Whoever answers has shown by its hello that it speaks as we do. */
function answered<Result>(body: string): Called<Result> {
  const reply: Reply<Result> = JSON.parse(body)
  if ('result' in reply) return { outcome: 'answered', result: reply.result }
  const { code, message, details } = reply.problem
  throw new ChangeoverError(code, message, { details })
}

/** Asks the process to stop. Resolves when it has ended, at once where nobody is there. @throws the signal's reason */
export async function stopProcess(
  { socketPath, adapter }: CallTarget,
  signal: AbortSignal,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const headers = { [ADAPTER_HEADER]: adapter }
    const sent = request({
      socketPath,
      path: '/stop',
      method: 'POST',
      agent: false,
      headers,
      signal,
    })
    sent.once('close', resolve)
    sent.once('error', () => resolve())
    sent.once('response', (response) => response.on('error', () => resolve()).resume())
    sent.end()
  })
  signal.throwIfAborted()
}
