import type { IncomingMessage } from 'node:http'
import { connectionError, readAnswer, readPlain } from './answer.ts'
import { CommandError, commandError } from './command-error.ts'
import { describeEndpoint, type Endpoint } from './endpoint.ts'
import { type EventStreamOptions, readEvents } from './event-stream.ts'
import type { ServerEvent } from './event-parser.ts'
import { type AgentRequest, sendRequest } from './request.ts'

/** Speaks to one agent. Holds no connection between calls, so there is nothing to close. */
export interface Client {
  /** Socket or address, for messages. */
  readonly where: string
  /** @throws CommandError the agent's refusal with its code; `CHANGEOVER_AGENT_UNREACHABLE`, `CHANGEOVER_AGENT_SILENT` */
  get<T>(path: string): Promise<T>
  /** What is plain text. @throws as `get` does */
  text(path: string): Promise<string>
  /**
   * Where `patient`, the answer may take as long as it likes: what comes first may be somebody else's way back.
   *
   * @throws as `get` does
   */
  post<T>(path: string, body: object, options?: { readonly patient?: boolean }): Promise<T>
  /**
   * Server-sent events, without end: a lost connection is taken up again behind the last id.
   *
   * @throws CommandError as `get` does at the start; later `CHANGEOVER_AGENT_LOST` where it stays away
   */
  events(path: string, options: EventStreamOptions): AsyncGenerator<ServerEvent>
}

export interface ClientOptions {
  readonly endpoint: Endpoint
  /** Who asks, over a socket; a token has a name of its own. */
  readonly actor: string
  /** For one answer. */
  readonly timeoutMs: number
  /** Ends what is under way. */
  readonly signal: AbortSignal
}

/** Makes a client; nothing is sent yet. */
export function createClient({ endpoint, actor, timeoutMs, signal }: ClientOptions): Client {
  const where = describeEndpoint(endpoint)
  const open = async (asked: AgentRequest): Promise<IncomingMessage> => {
    try {
      return await sendRequest(endpoint, asked, actor)
    } catch (error) {
      if (asked.signal.aborted) throw error
      throw connectionError(error, where, endpoint.kind)
    }
  }

  const call = async <T>(
    { patient = false, ...asked }: Omit<AgentRequest, 'signal'> & { readonly patient?: boolean },
    read: (response: IncomingMessage, call: string, where: string) => Promise<T>,
  ): Promise<T> => {
    const deadline = patient ? new AbortController().signal : AbortSignal.timeout(timeoutMs)
    const named = `${asked.method} ${asked.path}`
    try {
      const response = await open({ ...asked, signal: AbortSignal.any([signal, deadline]) })
      return await read(response, named, where)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof CommandError) throw error
      if (deadline.aborted)
        throw commandError('CHANGEOVER_AGENT_SILENT', { where, call: named, timeoutMs }, error)
      throw connectionError(error, where, endpoint.kind)
    }
  }

  return {
    where,
    get: <T>(path: string) => call({ method: 'GET', path }, readAnswer<T>),
    text: (path) => call({ method: 'GET', path, headers: { accept: '*/*' } }, readPlain),
    post: <T>(path: string, body: object, options = {}) =>
      call({ method: 'POST', path, body: JSON.stringify(body), ...options }, readAnswer<T>),
    events: (path, options) => readEvents({ open, path, where, timeoutMs }, options),
  }
}
