import type { ClientRequest } from 'node:http'
import type { LoadResponse } from './http-exchange.ts'
import { judgeAnswer, judgeBroken, textHeader } from './load-judgement.ts'
import { loadLauncher } from './load-launcher.ts'
import type { LoadSettings } from './load-options.ts'
import type { LoadTally, TallyRequest } from './load-report.ts'
import { requestId } from './load-schedule.ts'
import type { Failure } from './request-outcome.ts'

/** The requests that are on their way. Each lands exactly once, and is counted as it lands. */
export interface LoadFlights {
  /** Sends a request at once. Never throws: what cannot be sent is dropped as `other`. */
  send(request: TallyRequest): void
  /** Drops the requests whose time is over. */
  expire(): void
  /** Gives all requests up; `close()` then cuts them off. */
  abandon(): void
  /** Numbers of the requests on their way, oldest first. */
  open(): number[]
  /** When the oldest one times out, in milliseconds after the start; `Infinity` if there is none. */
  nextDeadlineMs(): number
  /** Ends the connections, idle ones too; resolves when they are closed. */
  close(): Promise<void>
}

/** What flights need. */
export interface FlightParts {
  readonly settings: LoadSettings
  readonly runId: string
  readonly tally: LoadTally
  /** Milliseconds since the start. */
  readonly now: () => number
  /** Called after requests have landed. */
  readonly landed: () => void
}

interface Flight extends TallyRequest {
  readonly sentMs: number
  exchange?: ClientRequest
}

/** Creates the flights of one run. */
export function loadFlights({ settings, runId, tally, now, landed }: FlightParts): LoadFlights {
  // All have the same timeout, so the order of sending is the order of their deadlines.
  const open = new Set<Flight>()
  const launcher = loadLauncher(settings, runId)
  const { timeoutMs, releaseHeader, verify } = settings

  const land = (flight: Flight, count: () => void): void => {
    if (!open.delete(flight)) return
    count()
    landed()
  }
  const drop = (flight: Flight, failure: Failure, release?: string): void =>
    land(flight, () => tally.dropped(flight, failure, release))
  const answer = (flight: Flight, response: LoadResponse): void => {
    if (!open.has(flight)) return
    const endMs = now()
    const id = requestId(runId, flight.n)
    const release = textHeader(response, releaseHeader)
    const failure = judgeAnswer(response, { n: flight.n, id, verify })
    if (failure) drop(flight, failure, release)
    else land(flight, () => tally.answered(flight, endMs, release))
  }
  const launch = (flight: Flight): ClientRequest =>
    launcher.launch(flight.n, {
      complete: (response) => answer(flight, response),
      broken: (broken, error) => drop(flight, judgeBroken(broken, error)),
    })

  return {
    send(request) {
      const flight: Flight = { ...request, sentMs: now() }
      open.add(flight)
      tally.sent(flight, flight.sentMs)
      try {
        flight.exchange = launch(flight)
        // A hook may have closed the load meanwhile.
        if (!open.has(flight)) flight.exchange.destroy()
      } catch (error) {
        drop(flight, { class: 'other', reason: `could not be sent: ${String(error)}` })
      }
    },
    expire() {
      const nowMs = now()
      for (const flight of open) {
        if (flight.sentMs + timeoutMs > nowMs) return
        drop(flight, { class: 'timeout', reason: `no complete answer within ${timeoutMs} ms` })
        flight.exchange?.destroy()
      }
    },
    abandon() {
      const abandoned = [...open]
      open.clear()
      for (const flight of abandoned) tally.abandoned(flight)
      landed()
    },
    open: () => Array.from(open, ({ n }) => n),
    nextDeadlineMs() {
      const [oldest] = open
      return oldest ? oldest.sentMs + timeoutMs : Number.POSITIVE_INFINITY
    },
    close: () => launcher.close(),
  }
}
