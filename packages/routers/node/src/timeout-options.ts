import type { Duration } from '@changeover/engine'
import { z } from 'zod'
import { durationRefused, limitMs, positiveMs } from './durations.ts'

/** How long the router waits, in milliseconds or as a string such as `'30s'`. */
export interface TimeoutOptions {
  /** For a client to send the head of a request. @default '30s' */
  readonly head?: Duration
  /** For a client to send a whole request, its body included; 0 sets no limit. @default '5m' */
  readonly request?: Duration
  /** For the next request of an idle client. Long, so that few clients meet a closing connection. @default '65s' */
  readonly keepAlive?: Duration
  /** For a connection to an instance. @default '3s' */
  readonly connect?: Duration
  /**
   * For the head of an instance's answer, after the whole request was sent; 0 sets no limit. Between the parts of a
   * body there is no limit, since a stream of events may pause for as long as it likes. @default '60s'
   */
  readonly answer?: Duration
  /**
   * For the next request on an idle connection to an instance; 0 makes a new one each time. Must be below the
   * instance's own limit, which is 5 s for a Node server. @default '4s'
   */
  readonly upstreamIdle?: Duration
  /**
   * For a client to take some of what waits for it; then it is cut. Nothing has to wait: a stream of events may pause.
   * 0 sets no limit. @default '2m'
   */
  readonly stalled?: Duration
  /** For requests in flight to end after `close()`; then they are cut. @default '10s' */
  readonly close?: Duration
}

/** The waits in milliseconds, with the defaults filled in. */
export type TimeoutSettings = Readonly<Record<`${keyof TimeoutOptions}Ms`, number>>

const duration = z.union([z.number(), z.string()]).optional()

/** The shape of {@link TimeoutOptions}. */
export const timeoutsSchema: z.ZodType = z.strictObject({
  head: duration,
  request: duration,
  keepAlive: duration,
  connect: duration,
  answer: duration,
  upstreamIdle: duration,
  stalled: duration,
  close: duration,
})

/** Fills the defaults in. */
export function parseTimeouts(timeouts: TimeoutOptions): TimeoutSettings {
  const headMs = positiveMs(timeouts.head ?? '30s', 'timeouts.head')
  const requestMs = limitMs(timeouts.request ?? '5m', 'timeouts.request')
  if (requestMs > 0 && requestMs < headMs)
    throw durationRefused('timeouts.request', timeouts.request, 'it ends before timeouts.head does')
  return {
    headMs,
    requestMs,
    keepAliveMs: positiveMs(timeouts.keepAlive ?? '65s', 'timeouts.keepAlive'),
    connectMs: positiveMs(timeouts.connect ?? '3s', 'timeouts.connect'),
    answerMs: limitMs(timeouts.answer ?? '60s', 'timeouts.answer'),
    upstreamIdleMs: limitMs(timeouts.upstreamIdle ?? '4s', 'timeouts.upstreamIdle'),
    stalledMs: limitMs(timeouts.stalled ?? '2m', 'timeouts.stalled'),
    closeMs: limitMs(timeouts.close ?? '10s', 'timeouts.close'),
  }
}
