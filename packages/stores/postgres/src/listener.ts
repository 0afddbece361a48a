import type pg from 'pg'
import type { Clock, Unsubscribe } from '@changeover/engine'
import type { Logger } from 'pino'
import { readFailure } from './failure.ts'
import { CHANNEL, type Notice, readNotice } from './notices.ts'

/** Who is told. Neither function throws. */
export interface Subscriber {
  readonly onNotice: (notice: Notice) => void
  /**
   * Notices come from now on; those of the last `missedMs` milliseconds may not have, and none before the first connection did.
   */
  readonly onConnected: (missedMs: number) => void
}

/** One connection that listens while anybody wants to be told. */
export interface Listener {
  subscribe(subscriber: Subscriber): Unsubscribe
  /** Resolves when the connection is gone. */
  close(): Promise<void>
}

export interface ListenerOptions {
  readonly schema: string
  /** Sets up the tables, too. */
  readonly connect: () => Promise<pg.Client>
  readonly clock: Clock
  /** For one answer. */
  readonly timeoutMs: number
  readonly logger: Logger
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5_000
/** A connection that nobody sends anything through may be gone without anybody knowing. */
const PULSE_MS = 10_000

export function createListener(options: ListenerOptions): Listener {
  const subscribers = new Set<Subscriber>()
  let session: { readonly ended: Promise<void>; readonly stop: () => void } | undefined
  let connected = false
  let closed = false
  const ending = new Set<Promise<void>>()

  function begin(): void {
    const stopping = new AbortController()
    const ended = listen(options, stopping.signal, {
      onNotice: (notice) => subscribers.forEach((one) => one.onNotice(notice)),
      onConnected(missedMs) {
        connected = true
        subscribers.forEach((one) => one.onConnected(missedMs))
      },
      onLost: () => (connected = false),
    }).finally(() => ending.delete(ended))
    ending.add(ended)
    session = { ended, stop: () => stopping.abort() }
  }

  function end(): void {
    session?.stop()
    session = undefined
    connected = false
  }

  return {
    subscribe(subscriber) {
      if (closed) return () => undefined
      subscribers.add(subscriber)
      if (!session) begin()
      else if (connected)
        queueMicrotask(() => subscribers.has(subscriber) && subscriber.onConnected(0))
      return () => {
        if (subscribers.delete(subscriber) && subscribers.size === 0) end()
      }
    },
    async close() {
      closed = true
      end()
      await Promise.all(ending)
    },
  }
}

interface Ears extends Subscriber {
  onLost(): void
}

/** Listens until `signal` aborts, on one connection after the other. */
async function listen(options: ListenerOptions, signal: AbortSignal, ears: Ears): Promise<void> {
  const { clock, logger } = options
  let aliveAt = clock.now()
  let pauseMs = FIRST_PAUSE_MS
  while (!signal.aborted) {
    try {
      await listenOnce(options, signal, {
        ...ears,
        onConnected() {
          pauseMs = FIRST_PAUSE_MS
          ears.onConnected(clock.now() - aliveAt)
        },
        onAlive: () => (aliveAt = clock.now()),
      })
    } catch (error) {
      logger.warn(readFailure(error), 'the connection that listens broke; it is made anew')
    }
    ears.onLost()
    await clock.sleep(pauseMs, { signal }).catch(() => undefined)
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }
}

/** @throws Error when the connection breaks */
async function listenOnce(
  { schema, connect, clock, timeoutMs }: ListenerOptions,
  signal: AbortSignal,
  { onNotice, onConnected, onAlive }: Subscriber & { readonly onAlive: () => void },
): Promise<void> {
  const client = await connect()
  const over = new AbortController()
  const broken = new Promise<void>((resolve, reject) => {
    client.on('error', reject)
    client.on('end', resolve)
    signal.addEventListener('abort', () => resolve(), { signal: over.signal })
  })
  client.on('notification', ({ payload }) => {
    const notice = readNotice(payload ?? '', schema)
    if (notice) onNotice(notice)
  })
  try {
    if (signal.aborted) return
    await client.query(`listen ${CHANNEL}`)
    onConnected(0)
    onAlive()
    await Promise.race([
      broken,
      keepAsking(client, { clock, timeoutMs, signal: over.signal, onAlive }),
    ])
  } finally {
    over.abort()
    broken.catch(() => undefined)
    await within(client.end(), timeoutMs, clock)
  }
}

interface Asking extends Pick<ListenerOptions, 'clock' | 'timeoutMs'> {
  readonly signal: AbortSignal
  readonly onAlive: () => void
}

/** @throws Error when the server does not answer any more */
async function keepAsking(
  client: pg.Client,
  { clock, timeoutMs, signal, onAlive }: Asking,
): Promise<void> {
  for (;;) {
    await clock.sleep(PULSE_MS, { signal }).catch(() => undefined)
    if (signal.aborted) return
    // The types of pg know of no time limit for one query.
    const pulse = { text: 'select 1', query_timeout: timeoutMs }
    await client.query(pulse)
    onAlive()
  }
}

/** A connection that is dead does not end. */
async function within(work: Promise<void>, ms: number, clock: Clock): Promise<void> {
  const done = new AbortController()
  const late = clock.sleep(ms, { signal: done.signal }).catch(() => undefined)
  await Promise.race([work.catch(() => undefined), late])
  done.abort()
}
