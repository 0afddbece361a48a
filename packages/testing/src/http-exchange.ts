import { request, type Agent, type ClientRequest, type IncomingMessage } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { urlToHttpOptions } from 'node:url'
import type { WireRequest } from './load-request.ts'
import type { BrokenExchange, FailurePhase } from './request-outcome.ts'

/** A complete answer. */
export interface LoadResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The body as UTF-8. */
  readonly body: string
}

/** How an exchange ends: exactly one of the two, exactly once unless the request is destroyed. */
export interface ExchangeEnd {
  complete(response: LoadResponse): void
  broken(exchange: BrokenExchange, error: Error): void
}

/** Where and what to send. */
export interface ExchangeInput {
  readonly agent: Agent
  readonly url: URL
  readonly wire: WireRequest
}

/**
 * Sends one request, once.
 * @throws TypeError or the like if the request cannot be written, such as a header with a newline
 */
export function startExchange(
  { agent, url, wire }: ExchangeInput,
  end: ExchangeEnd,
): ClientRequest {
  const { method, path, headers, body } = wire
  const target = urlToHttpOptions(url)
  const sent = request({ ...target, agent, method, headers, path: path ?? target.path })
  let answering = false
  const broken = (error: Error): void => {
    const phase = phaseOf(error, answering)
    end.broken({ code: codeOf(error), phase, reused: sent.reusedSocket }, error)
  }
  sent.on('response', (response) => {
    answering = true
    readAnswer(response, { complete: (answer) => end.complete(answer), broken })
  })
  sent.on('error', broken)
  sent.end(body)
  return sent
}

interface AnswerEnd {
  readonly complete: (response: LoadResponse) => void
  readonly broken: (error: Error) => void
}

function readAnswer(response: IncomingMessage, { complete, broken }: AnswerEnd): void {
  const { statusCode = 0, headers } = response
  let body = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    body += chunk
  })
  response.on('end', () => complete({ status: statusCode, headers, body }))
  // Without 'end' the body was cut: an answer with 'complete' false errors with ECONNRESET.
  response.on('error', broken)
}

function phaseOf(error: Error, answering: boolean): FailurePhase {
  if (answering) return 'body'
  // A name with several addresses fails with one AggregateError for all of them.
  const connecting = error instanceof AggregateError || syscallOf(error) === 'connect'
  return connecting ? 'connect' : 'head'
}

function codeOf(error: NodeJS.ErrnoException): string | undefined {
  return error.code
}

function syscallOf(error: NodeJS.ErrnoException): string | undefined {
  return error.syscall
}
