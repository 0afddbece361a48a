import type { Reading, WireAnswer } from './wire-answer.ts'

/** Every way in which a request fails, in the order in which reports list them. */
export const wireFailures = [
  'status',
  'reset-on-reused',
  'reset-on-fresh',
  'refused',
  'truncated',
  'malformed',
  'timeout',
] as const

/** Any of them. */
export type WireFailure = (typeof wireFailures)[number]

/**
 * How a request ended that was sent once and never again:
 * - `ok`: with a whole answer, of a status below 500
 * - `status`: with a whole answer, of a status from 500
 * - `reset-on-reused`: its connection, which had carried an answer before, ended before the first byte of this one
 * - `reset-on-fresh`: the same on a connection that had carried none
 * - `refused`: there was no connection
 * - `truncated`: the answer began, and its connection ended before it did
 * - `malformed`: what came is no answer, or goes on after its end
 * - `timeout`: it took too long
 */
export type WireOutcome = 'ok' | WireFailure

/** Counts by outcome, where nothing has been counted yet. */
export function noOutcomes(): Record<WireOutcome, number> {
  return { ok: 0, ...noFailures() }
}

/** Counts by kind of failure, where nothing has failed yet. */
export function noFailures(): Record<WireFailure, number> {
  return {
    status: 0,
    'reset-on-reused': 0,
    'reset-on-fresh': 0,
    refused: 0,
    truncated: 0,
    malformed: 0,
    timeout: 0,
  }
}

/** One request, and what became of it. Times are those of `performance.now()`. */
export interface Exchange {
  readonly outcome: WireOutcome
  /** When it was begun: before its connection was, where it needed one. */
  readonly startedAt: number
  readonly endedAt: number
  /** Which connection of its client carried it, from 1. */
  readonly connection: number
  /** Which request on that connection it was, from 1. */
  readonly turn: number
  /** The answer, where it came whole. */
  readonly answer: WireAnswer | undefined
  /** What went wrong, for people; empty for `ok`. */
  readonly problem: string
}

/** What an exchange that ended with its connection is called. */
export function brokenOutcome(
  reading: Reading,
  { connected, turn }: { readonly connected: boolean; readonly turn: number },
): WireOutcome {
  if (!connected) return 'refused'
  if (reading.state === 'nothing') return turn > 1 ? 'reset-on-reused' : 'reset-on-fresh'
  return reading.state === 'whole' ? answerOutcome(reading.answer) : 'truncated'
}

/** What a whole answer is called. */
export function answerOutcome({ status }: WireAnswer): WireOutcome {
  return status < 500 ? 'ok' : 'status'
}
