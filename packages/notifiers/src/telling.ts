import { ChangeoverError, type Entry, type Notifier } from '@changeover/engine'
import type { CourierSettings } from './courier-options.ts'
import type { KeptLedger } from './ledger-file.ts'
import { pauseMs } from './retry.ts'

/** What it takes to tell one notifier of one rollout. */
export interface TellingParts {
  readonly rollout: string
  readonly service: string
  readonly name: string
  readonly notifier: Notifier
  readonly ledger: KeptLedger
  readonly settings: CourierSettings
  /** Aborts when nothing new may be begun. */
  readonly stopping: AbortSignal
  /** Aborts when what is under way is to be broken off. */
  readonly cutting: AbortSignal
}

/** Tells of entries, one after the other. Each is tried until it is told or given up, or until `stopping` aborts. */
export async function tellAll(entries: readonly Entry[], parts: TellingParts): Promise<void> {
  for (const entry of entries) {
    if (!(await tell(entry, parts))) return
    parts.ledger.advance(parts.rollout, entry.seq + 1)
  }
}

/** Whether it was told, or need not be any more. */
async function tell(entry: Entry, parts: TellingParts): Promise<boolean> {
  const { notifier, service, stopping, cutting } = parts
  for (let failures = 1; !stopping.aborted; failures++) {
    try {
      await notifier.notify(entry, { service, signal: cutting })
      return true
    } catch (error) {
      if (stopping.aborted) return false
      if (isGivenUp(error, entry, parts)) return true
      await pause(error, failures, parts)
    }
  }
  return false
}

function isGivenUp(error: unknown, { seq, type }: Entry, parts: TellingParts): boolean {
  const { rollout, name, ledger, settings } = parts
  const { logger, clock, giveUpAfterMs } = settings
  const now = clock.now()
  const failingForMs = now - ledger.fail(rollout, now)
  const log = { err: error, notifier: name, rollout, seq, type, failingForMs }
  if (isFinal(error)) logger.error(log, 'an entry was refused for good, and is not told')
  else if (failingForMs >= giveUpAfterMs) logger.error(log, 'an entry is given up, and is not told')
  else logger.warn(log, 'an entry could not be told; tried again')
  return isFinal(error) || failingForMs >= giveUpAfterMs
}

async function pause(error: unknown, failures: number, parts: TellingParts): Promise<void> {
  const { settings, stopping } = parts
  const { clock, pauses } = settings
  const asked = Math.min(detailOf(error, 'retryAfterMs') ?? 0, LONGEST_ASKED_MS)
  const ms = Math.max(pauseMs(pauses, failures, Math.random()), asked)
  await clock.sleep(ms, { signal: stopping }).catch(() => undefined)
}

/** Whoever asks for a longer pause gets this one. */
const LONGEST_ASKED_MS = 3_600_000

/** Notifiers say by `details.final` that the same would fail again for ever. */
function isFinal(error: unknown): boolean {
  return error instanceof ChangeoverError && error.details['final'] === true
}

function detailOf(error: unknown, name: string): number | undefined {
  const value = error instanceof ChangeoverError ? error.details[name] : undefined
  return typeof value === 'number' ? value : undefined
}
