import { join } from 'node:path'
import type { RolloutSummary } from '@changeover/engine'
import type { Logger } from 'pino'
import { readIfThere, writeDurably } from './durable-file.ts'
import { notifierError } from './error-codes.ts'
import { type Ledger, type LedgerRecord, ledgerRecord, newLedger, openLedger } from './ledger.ts'

/** A ledger that is kept in a file. The file is never ahead of the ledger, and soon up with it. */
export interface KeptLedger extends Ledger {
  /** Writes what is not written yet. Logs, and does not reject, where that fails. */
  flush(): Promise<void>
}

/** Where the ledger of a notifier is kept, and for what. */
export interface LedgerPlace {
  readonly directory: string
  readonly notifier: string
  /** Asked where there is no ledger yet. */
  readonly history: () => Promise<readonly RolloutSummary[]>
  readonly logger: Logger
}

/**
 * Opens a notifier's ledger. A new one is on the disk when this resolves, so that what is journaled from now on is told.
 *
 * @throws ChangeoverError `CHANGEOVER_COURIER_STATE_UNREADABLE`; the system's error where the file cannot be written
 */
export async function openLedgerFile({
  directory,
  notifier,
  history,
  logger,
}: LedgerPlace): Promise<KeptLedger> {
  const path = join(directory, `${notifier}.json`)
  const text = await readIfThere(path)
  const record = text === undefined ? newLedger(await history()) : parse(path, text)
  const ledger = openLedger(record)
  const write = (): Promise<void> => writeDurably(path, JSON.stringify(ledger.record()))
  if (text === undefined) await write()

  const save = createSaver(() =>
    write().catch((error: unknown) =>
      logger.warn(
        { err: error, path },
        'what was told could not be written down; it may be told again',
      ),
    ),
  )
  const changing =
    <Args extends unknown[], Result>(change: (...args: Args) => Result) =>
    (...args: Args): Result => {
      const result = change(...args)
      save.soon()
      return result
    }
  return {
    ...ledger,
    advance: changing((rollout: string, next: number) => ledger.advance(rollout, next)),
    fail: changing((rollout: string, now: number) => ledger.fail(rollout, now)),
    drop: changing((rollout: string) => ledger.drop(rollout)),
    finish: changing((rollout: string, at: number) => ledger.finish(rollout, at)),
    flush: () => save.now(),
  }
}

interface Saver {
  soon(): void
  now(): Promise<void>
}

/** Writes one state at a time; what changes meanwhile is written with the next. */
function createSaver(write: () => Promise<void>): Saver {
  let dirty = false
  let writing: Promise<void> | undefined
  const writeAll = async (): Promise<void> => {
    while (dirty) {
      dirty = false
      await write()
    }
    writing = undefined
  }
  const now = (): Promise<void> => {
    dirty = true
    return (writing ??= writeAll())
  }
  return { soon: () => void now(), now }
}

function parse(path: string, text: string): LedgerRecord {
  try {
    return ledgerRecord.parse(JSON.parse(text))
  } catch (cause) {
    const problem = cause instanceof SyntaxError ? cause.message : 'it is not what a courier writes'
    throw notifierError('CHANGEOVER_COURIER_STATE_UNREADABLE', { path, problem }, cause)
  }
}
