import { randomBytes } from 'node:crypto'
import { parseLoadOptions, type OpenLoopLoadOptions } from './load-options.ts'
import { startPacer } from './load-pacer.ts'
import type { LoadReport } from './load-report.ts'
import { requestId } from './load-schedule.ts'

/** A running load. */
export interface OpenLoopLoad {
  /** First half of every request id of this run. */
  readonly runId: string
  /** The final report, when all requests have ended. Never rejects. */
  readonly finished: Promise<LoadReport>
  /** The report so far. */
  snapshot(): LoadReport
  /** Sends no more, waits for the answers that are due, and gives the final report. */
  stop(): Promise<LoadReport>
  /** Ends at once: open requests are abandoned, all connections closed. */
  close(): Promise<void>
  /** The `x-request-id` of request `n`, counted from 0. */
  requestId(n: number): string
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Sends requests at a constant rate, whatever becomes of the earlier ones, and puts every one that
 * does not get its complete, right answer into exactly one class. Request `n` is due at
 * `start + n / rate`; latency counts from there, so a server that stalls cannot hide the requests
 * that waited. Nothing is ever retried. The load keeps the process alive until it has finished.
 *
 * @throws ChangeoverError `CHANGEOVER_LOAD_OPTION_INVALID`, before anything is sent
 * @example
 * const load = openLoopLoad({ url: 'http://127.0.0.1:8080/', rate: 500 })
 * await deploy()
 * const report = await load.stop()
 * expect(report.dropped, formatLoadReport(report)).toBe(0)
 */
export function openLoopLoad(options: OpenLoopLoadOptions): OpenLoopLoad {
  const settings = parseLoadOptions(options)
  const runId = randomBytes(6).toString('hex')
  const pacer = startPacer(settings, runId)
  const close = (): Promise<void> => {
    pacer.close()
    return closed
  }
  const abort = (): void => pacer.close()
  settings.signal?.addEventListener('abort', abort, { once: true })
  if (settings.signal?.aborted) abort()
  const finished = pacer.finished.finally(() =>
    settings.signal?.removeEventListener('abort', abort),
  )
  const closed = finished.then(() => undefined)
  return {
    runId,
    finished,
    snapshot: () => pacer.report(),
    stop: () => {
      pacer.stop()
      return finished
    },
    close,
    requestId: (n) => requestId(runId, n),
    [Symbol.asyncDispose]: close,
  }
}
