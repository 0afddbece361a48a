import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MessagePort } from 'node:worker_threads'
import { parentPort, workerData } from 'node:worker_threads'

import { createHeartbeat } from './heartbeat.ts'
import type { Heartbeat } from './heartbeat.ts'
import { pathOf, toAnswer } from './probe-answer.ts'
import { describeRequest } from './probe-request.ts'
import type { ProbeRequest } from './probe-request.ts'
import type { Page } from './probes.ts'

/** What the thread is told at its start. */
export interface ProbeThreadOrders {
  readonly memory: SharedArrayBuffer
  readonly host: string
  readonly port: number
  readonly stuckAfterMs: number
}

/** A question that the thread hands on to the main loop. */
export interface ThreadQuestion {
  readonly id: number
  readonly request: ProbeRequest
}

/** What the thread says: where it listens, that it cannot, or a question. */
export type ThreadMessage =
  | { readonly port: number }
  | { readonly problem: string }
  | ThreadQuestion

/** The main loop's reply; no page for a target that is none of ours. */
export interface ThreadReply {
  readonly id: number
  readonly page: Page | undefined
}

/** How long the thread lets the main loop be busy before it answers for it that the process lives. */
const patienceMs = 250

const notFound: Page = { status: 404, headers: { 'content-length': '0' }, body: '' }

/** Asks the main loop; `undefined` when it does not answer in time. */
type AskMain = (request: ProbeRequest, limitMs: number) => Promise<Page | undefined>

function createQuestions(main: MessagePort): AskMain {
  const waiting = new Map<number, (page: Page) => void>()
  let asked = 0

  main.on('message', ({ id, page }: ThreadReply) => waiting.get(id)?.(page ?? notFound))
  return (request, limitMs) => {
    asked += 1
    const id = asked
    send(main, { id, request })
    return new Promise((resolve) => {
      const end = (page?: Page): void => {
        clearTimeout(timer)
        waiting.delete(id)
        resolve(page)
      }
      const timer = setTimeout(end, limitMs)
      waiting.set(id, end)
    })
  }
}

async function answer(
  request: ProbeRequest,
  heartbeat: Heartbeat,
  askMain: AskMain,
  stuckAfterMs: number,
): Promise<Page> {
  const lives = pathOf(request.target) === '/livez'
  const leftMs = stuckAfterMs - heartbeat.ageMs()
  if (lives && leftMs <= 0 && heartbeat.watched()) return tellBusy('fail', heartbeat.ageMs())
  const page = await askMain(request, lives ? patienceMs : Math.max(leftMs, patienceMs))
  return page ?? tellBusy(lives ? 'pass' : 'fail', heartbeat.ageMs())
}

function serve(main: MessagePort, { memory, stuckAfterMs, host, port }: ProbeThreadOrders): void {
  const heartbeat = createHeartbeat(memory)
  const askMain = createQuestions(main)

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = describeRequest(request)
    const { status, headers, body } = await answer(asked, heartbeat, askMain, stuckAfterMs)
    response.writeHead(status, headers)
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  const server = createServer((request, response) => void respond(request, response))
  server.on('error', ({ message }) => send(main, { problem: message }))
  server.listen(port, host, () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) send(main, { port: address.port })
  })
}

function send(main: MessagePort, message: ThreadMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  main.postMessage(message)
}

function tellBusy(status: 'pass' | 'fail', ageMs: number): Page {
  const output = `the event loop has been stuck for ${ageMs} ms`
  const checks = { eventLoop: [{ status, observedValue: ageMs, observedUnit: 'ms', output }] }
  return toAnswer(status, 'application/health+json', JSON.stringify({ status, output, checks }))
}

const orders: ProbeThreadOrders = workerData
if (parentPort !== null) serve(parentPort, orders)
