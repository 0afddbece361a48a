import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { cutoverReport, type CutoverReport } from './cutover-report.ts'
import type { Cutover, LoadClass, SentRequest } from './cutover-report.ts'
import {
  type CutoverLoadOptions,
  type CutoverStep,
  parseCutoverOptions,
} from './cutover-options.ts'
import { RELEASE_HEADER } from './traffic-backend.ts'
import { wireClient } from './wire-client.ts'

/**
 * Lets releases take over from each other while requests keep coming, on connections that are used again and on new ones,
 * and says what became of each of them. Nothing is ever sent twice.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` before anything is sent; and whatever a step throws
 *
 * @example
 * ```ts
 * let receipt = await router.apply(tables[0]!)
 * const report = await cutoverLoad({
 *   url: 'http://127.0.0.1:8080',
 *   cutovers: 50,
 *   requestsPerCutover: 2_000,
 *   step: (n) => ({
 *     release: n % 2 ? 'blue' : 'green',
 *     apply: async () => { receipt = await router.apply(tables[n]!) },
 *     converge: async () => { await router.converge(receipt, { deadline: 10_000 }) },
 *   }),
 * })
 * report.failed // 0
 * report.late // 0: nobody was answered by a release that had left
 * ```
 */
export async function cutoverLoad(options: CutoverLoadOptions): Promise<CutoverReport> {
  const { step, cutovers, requestsPerCutover, signal, ...settings } = parseCutoverOptions(options)
  signal?.throwIfAborted()
  const requests: SentRequest[] = []
  const done: Cutover[] = [await cutOver(step(0))]
  const over = new AbortController()
  const stop = (): void => over.abort()
  const clients = startClients({ ...settings, requests, signal: over.signal })
  signal?.addEventListener('abort', stop)
  try {
    for (let n = 1; n <= cutovers; n += 1) {
      await clients.sent(requestsPerCutover)
      signal?.throwIfAborted()
      done.push(await cutOver(step(n)))
    }
    await clients.sent(requestsPerCutover)
    signal?.throwIfAborted()
  } finally {
    signal?.removeEventListener('abort', stop)
    over.abort()
    await clients.ended
  }
  return cutoverReport(requests, done)
}

async function cutOver({ release, apply, converge }: CutoverStep): Promise<Cutover> {
  const begunAt = performance.now()
  await apply()
  const appliedAt = performance.now()
  await converge?.()
  const convergedAt = converge ? performance.now() : undefined
  return { release, begunAt, appliedAt, convergedAt }
}

interface Clients {
  readonly ended: Promise<unknown>
  /** Resolves when so many more requests have ended, or when no more are sent. */
  readonly sent: (count: number) => Promise<void>
}

interface ClientSettings {
  readonly url: string
  readonly clients: Readonly<Record<LoadClass, number>>
  readonly rate: number | undefined
  readonly method: string
  readonly timeoutMs: number
  readonly requests: SentRequest[]
  readonly signal: AbortSignal
}

function startClients({ url, clients, rate, requests, signal, ...how }: ClientSettings): Clients {
  const total = clients['keep-alive'] + clients.fresh
  const everyMs = rate === undefined ? 0 : (1_000 * total) / rate
  const startedAt = performance.now()
  // Every client pauses under the same signal.
  setMaxListeners(total, signal)
  let enough = Infinity
  let reached: (() => void) | undefined

  async function work(of: LoadClass, place: number): Promise<void> {
    const client = wireClient(url, { keepAlive: of === 'keep-alive', timeoutMs: how.timeoutMs })
    for (let turn = 0; !signal.aborted; turn += 1) {
      const dueAt = startedAt + everyMs * (turn + place / total)
      if (everyMs > 0) await pause(dueAt - performance.now(), signal)
      if (signal.aborted) break
      const { answer, ...sent } = await client.ask({ method: how.method })
      requests.push({ ...sent, of, release: answer?.headers[RELEASE_HEADER] })
      if (requests.length >= enough) reached?.()
    }
    client.close()
    reached?.()
  }
  const classes = (['keep-alive', 'fresh'] as const).flatMap((of) =>
    Array.from({ length: clients[of] }, () => of),
  )
  return {
    ended: Promise.all(classes.map(work)),
    sent(count) {
      enough = requests.length + count
      return new Promise((resolve) => {
        reached = resolve
        if (count === 0 || signal.aborted) resolve()
      })
    },
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => undefined)
}
