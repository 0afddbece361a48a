import { type ClientRequest, type IncomingMessage, request as openRequest } from 'node:http'
import type { Readable } from 'node:stream'
import type { ExchangeContext } from './exchange.ts'
import { MIRROR_HEADER } from './headers.ts'
import type { Inbound } from './inbound.ts'
import type { MirrorRoute } from './mirror.ts'
import type { BodyCopy } from './mirroring.ts'
import type { RequestHead } from './request-head.ts'
import type { RoutedInstance } from './routed-pool.ts'
import { leastBusy, type Routes } from './routes.ts'
import { countAnswer } from './traffic.ts'

/** A copy that nobody waits for ends at last after this time, in milliseconds, where requests have no limit. */
const LONGEST_MS = 60_000

/**
 * Copies a request to the mirror's release where it is its turn: on connections of its own, without a retry, its answer
 * thrown away, so that the request itself is neither slowed down nor held up, whatever becomes of the copy.
 *
 * @returns what is to be given the body as soon as that is read; undefined where there is none to copy
 */
export function mirrorRequest(
  context: ExchangeContext,
  { mirror }: Routes,
  head: RequestHead,
  { upgrade }: Inbound,
): BodyCopy | undefined {
  if (!mirror || upgrade || !isTurn(context, mirror, head)) return undefined
  if (head.framing !== 'none')
    return (body) => {
      const copy = beginCopy(context, context.routes()?.mirror, head)
      if (copy) collect(copy, body)
    }
  const copy = beginCopy(context, mirror, head)
  if (copy) send(copy, undefined)
  return undefined
}

/** Counts a copy from now on; by the table in force now, so that none goes to an instance that left. */
function beginCopy(
  context: ExchangeContext,
  mirror: MirrorRoute | undefined,
  head: RequestHead,
): Copy | undefined {
  const { inFlight, mirroring } = context
  const instance = mirror && leastBusy(mirror.pool, [])
  if (!instance) return undefined
  if (mirroring.inFlight >= mirroring.limits.inFlight) {
    mirroring.dropped += 1
    return undefined
  }
  mirroring.inFlight += 1
  const leave = inFlight.enterCopy(instance.inFlight)
  return { context, instance, head, leave }
}

/** A copy on its way. */
interface Copy {
  readonly context: ExchangeContext
  readonly instance: RoutedInstance
  readonly head: RequestHead
  /** Ends its count. */
  readonly leave: () => void
}

function isTurn(
  { mirroring }: ExchangeContext,
  { sequence }: MirrorRoute,
  { method }: RequestHead,
): boolean {
  return mirroring.limits.methods.has(method) && sequence.next() === 0
}

/** Only whole bodies are copied: half a request could be acted upon as another one. */
function collect(copy: Copy, body: Readable): void {
  const { bytes } = copy.context.mirroring.limits
  const chunks: Buffer[] = []
  let size = 0
  const take = (chunk: Buffer): void => {
    size += chunk.length
    chunks.push(chunk)
    if (size > bytes) end(false)
  }
  const end = (whole: boolean): void => {
    body.off('data', take).off('end', done).off('close', gone)
    if (whole) send(copy, Buffer.concat(chunks))
    else drop(copy)
  }
  const done = (): void => end(true)
  const gone = (): void => end(false)
  body.on('data', take).once('end', done).once('close', gone)
}

function drop({ context, leave }: Copy): void {
  context.mirroring.dropped += 1
  context.mirroring.inFlight -= 1
  leave()
}

function send(copy: Copy, body: Buffer | undefined): void {
  const { context, instance, head } = copy
  const { mirroring } = context
  const upstream = openRequest({
    agent: instance.endpoint.agent,
    method: head.method,
    path: head.path,
    headers: copiedHeaders(head.headers),
    maxHeaderSize: context.headBytes,
  })
  upstream.maxHeadersCount = 0
  mirroring.sent += 1
  const judged = judge(copy, upstream)
  const late = setTimeout(() => {
    judged()
    upstream.destroy()
  }, context.answerMs || LONGEST_MS)
  upstream.once('close', () => {
    clearTimeout(late)
    mirroring.inFlight -= 1
    copy.leave()
  })
  upstream.end(body)
}

/**
 * Counts what became of a copy for its release. What met a connection that had been closed says nothing about it.
 *
 * @returns what is to be called before the router itself cuts it: an answer that has begun may have no end
 */
function judge({ context, instance }: Copy, upstream: ClientRequest): () => void {
  const { tally } = instance
  const since = performance.now()
  let answer: IncomingMessage | undefined
  let enough = false
  upstream.on('error', ignore)
  upstream.once('response', (head) => {
    answer = head
    countAnswer(tally, (head.statusCode ?? 0) >= 500, performance.now() - since)
    head.on('error', ignore).resume()
  })
  upstream.once('upgrade', (_, socket) => socket.destroy())
  upstream.once('close', () => {
    if (answer) {
      if (!enough && !answer.complete && (answer.statusCode ?? 0) < 500) tally.bad += 1
    } else if (upstream.reusedSocket) context.mirroring.dropped += 1
    else countAnswer(tally, true, performance.now() - since)
  })
  return () => void (enough = true)
}

/** Says that it is a copy. Nobody would send what 100 Continue asks for. */
function copiedHeaders(headers: readonly string[]): string[] {
  const copied: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (name.toLowerCase() !== 'expect') copied.push(name, headers[i + 1] ?? '')
  }
  copied.push(MIRROR_HEADER, '1')
  return copied
}

function ignore(): void {
  // What there is to say is said when it closes.
}
