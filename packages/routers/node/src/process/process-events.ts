import { type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import type { CallTarget } from './call-process.ts'
import { ADAPTER_HEADER, eventShape, type Hello, type Notice } from './protocol.ts'

/** What a process tells for as long as it lives: its end ends the connection, whatever it died of. */
export interface ProcessEvents {
  readonly hello: Hello
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  /** Listens no more. */
  readonly close: () => void
}

/**
 * Listens to the process; undefined where there is none.
 *
 * @throws an error where somebody is there who does not say hello, in time or at all
 */
export async function listenTo(
  { socketPath, adapter }: CallTarget,
  withinMs: number,
  onNotice: (notice: Notice) => void,
): Promise<ProcessEvents | undefined> {
  const headers = { [ADAPTER_HEADER]: adapter }
  const sent = request({ socketPath, path: '/events', agent: false, headers })
  const late = setTimeout(
    () => sent.destroy(new Error(`it did not say hello within ${withinMs} ms`)),
    withinMs,
  )
  try {
    sent.end()
    const response = await responseOf(sent)
    return response && (await greeted(response, onNotice, () => sent.destroy()))
  } finally {
    clearTimeout(late)
  }
}

function responseOf(sent: ReturnType<typeof request>): Promise<IncomingMessage | undefined> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve)
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined)
      // It ended, or is ending, just now.
      else if (error.code === 'ECONNRESET') resolve(undefined)
      else reject(error)
    })
  })
}

function greeted(
  response: IncomingMessage,
  onNotice: (notice: Notice) => void,
  close: () => void,
): Promise<ProcessEvents | undefined> {
  const ended = new Promise<void>((resolve) => {
    response.once('close', () => resolve())
  })
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: response })
    lines.on('error', () => {}) // The response's 'close' follows.
    lines.on('line', (line) => {
      const event = readEvent(line)
      if (event?.event === 'hello') resolve({ hello: event, ended, close })
      else if (event) onNotice(event)
      else reject(new Error('what answers at its socket is no router process'))
    })
    void ended.then(() => resolve(undefined))
  })
}

function readEvent(line: string): Hello | Notice | undefined {
  try {
    return eventShape.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
