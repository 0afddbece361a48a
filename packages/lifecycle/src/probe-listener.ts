import { createServer } from 'node:http'
import { Worker } from 'node:worker_threads'

import { createHeartbeat } from './heartbeat.ts'
import type { Heartbeat } from './heartbeat.ts'
import { refuse } from './lifecycle-error.ts'
import type { LifecycleError } from './lifecycle-error.ts'
import { createProbeHandler } from './probes.ts'
import type { Prober } from './probes.ts'
import type {
  ProbeThreadOrders,
  ThreadMessage,
  ThreadQuestion,
  ThreadReply,
} from './probe-thread.ts'

/** Where probes have a listener of their own. */
export interface ProbeAddress {
  readonly host: string
  readonly port: number
}

/** A listener for probes alone. Does not keep the process alive. */
export interface ProbeListener {
  /** Rejects with `CHANGEOVER_LIFECYCLE_PROBES_FAILED`. */
  readonly address: Promise<ProbeAddress>
  /** Whether a stuck loop is a reason to be killed; only between start-up and the drain. */
  readonly watch: (on: boolean) => void
  /** Idempotent. */
  readonly close: () => Promise<void>
}

/** Answers probes on the main loop, at an address of their own. */
export function listenForProbes(at: ProbeAddress, prober: Prober): ProbeListener {
  const handler = createProbeHandler(prober)
  const server = createServer((request, response) => {
    handler(request, response, () => response.writeHead(404).end())
  })
  server.unref()
  const address = new Promise<ProbeAddress>((resolve, reject) => {
    server.on('error', (error) => reject(cannotListen(at, error)))
    server.listen(at.port, at.host, () => {
      const bound = server.address()
      if (typeof bound === 'object' && bound !== null) resolve({ host: at.host, port: bound.port })
    })
  })
  server.on('connection', (socket) => socket.unref())
  const closed = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  let closing: Promise<void> | undefined
  return { address, watch: () => {}, close: () => (closing ??= closed()) }
}

// Seen from dist/ this is the file beside this one; seen from src/, where only tests run, the built one.
const script = new URL('../dist/probe-thread.js', import.meta.url)

/** How many times the heart beats before the loop counts as stuck. */
const beatsPerLimit = 10

/**
 * Answers probes from a thread of its own, which sees when the main loop is stuck. `onLost` is called when the thread ends before
 * it is closed.
 */
export function listenInThread(
  at: ProbeAddress,
  prober: Prober,
  { stuckAfterMs, onLost }: { readonly stuckAfterMs: number; readonly onLost: () => void },
): ProbeListener {
  const heartbeat = createHeartbeat()
  const stopBeating = startBeating(heartbeat, stuckAfterMs)
  const orders: ProbeThreadOrders = { ...at, stuckAfterMs, memory: heartbeat.memory }
  const worker = new Worker(script, { workerData: orders, execArgv: [], stdin: false })
  worker.unref()
  let closing: Promise<void> | undefined
  const address = new Promise<ProbeAddress>((resolve, reject) => {
    const fail = (problem: unknown): void => reject(cannotListen(at, problem))
    worker.once('error', fail)
    worker.once('exit', () => {
      fail(new Error('the thread ended'))
      if (closing === undefined) onLost()
    })
    worker.on('message', (message: ThreadMessage) => {
      if ('port' in message) resolve({ host: at.host, port: message.port })
      else if ('problem' in message) fail(new Error(message.problem))
      else void reply(worker, prober, message)
    })
  })
  const stop = async (): Promise<void> => {
    stopBeating()
    await worker.terminate()
  }
  return { address, watch: heartbeat.watch, close: () => (closing ??= stop()) }
}

function startBeating(heartbeat: Heartbeat, stuckAfterMs: number): () => void {
  heartbeat.beat()
  const timer = setInterval(heartbeat.beat, Math.max(1, stuckAfterMs / beatsPerLimit)).unref()
  return () => clearInterval(timer)
}

async function reply(
  worker: Worker,
  prober: Prober,
  { id, request }: ThreadQuestion,
): Promise<void> {
  const known = prober.knows(request.method, request.target)
  const page = known ? await prober.answer(request) : undefined
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  worker.postMessage({ id, page } satisfies ThreadReply)
}

function cannotListen({ host, port }: ProbeAddress, cause: unknown): LifecycleError {
  const problem = cause instanceof Error ? cause.message : String(cause)
  return refuse('CHANGEOVER_LIFECYCLE_PROBES_FAILED', { host, port, problem }, { cause })
}
