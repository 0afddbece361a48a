import { request } from 'node:http'
import { controlName } from './nginx-config.ts'

/** What the control server is asked. */
export interface ControlRequest {
  readonly service: string
  readonly path: string
  readonly method?: 'GET' | 'PUT' | 'POST'
  readonly body?: string
  readonly token?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What it answered. */
export interface ControlAnswer {
  readonly status: number
  readonly body: string
  /** Whether the request was sent at all; where not, nothing can have changed. */
  readonly sent: true
}

/** Why there was no answer. */
export interface ControlFailure {
  readonly sent: boolean
  readonly problem: string
}

/** Asks nginx's control server, on a connection of its own so that any worker may answer. */
export type Control = (asked: ControlRequest) => Promise<ControlAnswer | ControlFailure>

const TIMEOUT_MS = 3_000

/** A client of the control server at an address of this machine. Does not reject for a failure. */
export function controlClient({
  host,
  port,
}: {
  readonly host: string
  readonly port: number
}): Control {
  return ({ service, path, method = 'GET', body, token, signal }) =>
    new Promise((resolve) => {
      let sent = false
      const headers = {
        host: controlName(service),
        connection: 'close',
        ...(token === undefined ? {} : { 'x-changeover-token': token }),
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      }
      const limit = AbortSignal.timeout(TIMEOUT_MS)
      const options = { host, port, path, method, headers, agent: false } as const
      const asking = request({
        ...options,
        signal: signal ? AbortSignal.any([limit, signal]) : limit,
      })
      const fail = (error: Error): void => resolve({ sent, problem: error.message })
      asking.once('socket', (socket) => socket.once('connect', () => (sent = true)))
      asking.once('error', fail)
      asking.once('response', (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.once('error', fail)
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(parts).toString(),
            sent: true,
          }),
        )
      })
      asking.end(body)
    })
}
