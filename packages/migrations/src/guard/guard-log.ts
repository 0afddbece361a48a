import type { GuardEvent } from './guard-events.ts'

/** What the guard needs of a logger; one of `pino` fits. */
export interface GuardLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** Writes events down. */
export type GuardLog = (event: GuardEvent) => void

const WARNINGS: ReadonlySet<GuardEvent['type']> = new Set([
  'step-blocked',
  'step-failed',
  'index-dropped',
])
const NEWS: ReadonlySet<GuardEvent['type']> = new Set([
  'judged',
  'step-done',
  'step-found',
  'backfill-done',
  'floor-set',
  'lock-waiting',
])

/** Silent without a logger. */
export function guardLog(logger: GuardLogger | undefined): GuardLog {
  return (event) => {
    const level = WARNINGS.has(event.type) ? 'warn' : NEWS.has(event.type) ? 'info' : 'debug'
    logger?.[level](event, event.type)
  }
}
