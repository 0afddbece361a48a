import type { Entry, Notifier } from '@changeover/engine'
import type { CourierSettings } from './courier-options.ts'
import { extendView, type JournalView, viewJournal } from './journal-view.ts'
import type { KeptLedger } from './ledger-file.ts'
import { pauseMs } from './retry.ts'
import { tellAll } from './telling.ts'

/** The telling of one rollout to one notifier: in order, one entry at a time. */
export interface Lane {
  /** The journal has grown; by `entry`, where that is known. */
  wake(entry?: Entry): void
  /** Settles when it has nothing to do, or was stopped; undefined where that is so. */
  working(): Promise<void> | undefined
}

/** What a lane works with. */
export interface LaneParts {
  readonly rollout: string
  readonly name: string
  readonly notifier: Notifier
  readonly ledger: KeptLedger
  readonly settings: CourierSettings
  /** Aborts when nothing new may be begun. */
  readonly stopping: AbortSignal
  /** Aborts when what is under way is to be broken off. */
  readonly cutting: AbortSignal
  /** Called when nothing is left to be told, ever. */
  readonly onOver: () => void
}

/** A rollout that is another's to tell of is looked at again no sooner than after this. */
const OTHERS_EVERY_MS = 1000
/** Entries that are kept in memory while one of them is being told; more are read from the store. */
const HEARD_LIMIT = 1000

type Pass = 'over' | 'others' | 'caught-up' | 'unread'

/** A {@link Lane} that is idle. */
export function createLane(parts: LaneParts): Lane {
  const { ledger, rollout, settings, stopping, onOver } = parts
  const { store, only } = settings
  let heard: Entry[] = []
  let view: JournalView | undefined
  let again = false
  /** Whether there may be entries that were not heard. */
  let unheard = false
  let working: Promise<void> | undefined

  /** What the engine of this process published need not be read, as long as none is missing. */
  const look = async (next: number): Promise<JournalView | undefined> => {
    const known = heard.filter(({ seq }) => seq >= next)
    const gapless = !unheard && known.every(({ seq }, n) => seq === next + n)
    heard = []
    unheard = false
    if (gapless && view?.end === next) return extendView(view, known)
    return viewJournal(store, rollout, next)
  }
  const pass = async (): Promise<Pass> => {
    again = false
    view = await look(ledger.next(rollout))
    if (view === undefined) return gone(parts)
    if (ledger.isTold(rollout, view.startedAt)) return 'over'
    if (only(view.rollout)) await tellAll(view.fresh, { ...parts, service: view.rollout.service })
    else if (!view.finished) return 'others'
    if (!view.finished || stopping.aborted) return 'caught-up'
    ledger.finish(rollout, view.startedAt)
    return 'over'
  }
  const work = async (): Promise<void> => {
    for (let failures = 0; ;) {
      const outcome = await pass().catch((error: unknown) => logUnread(error, parts))
      if (stopping.aborted) return
      if (outcome === 'over') return onOver()
      failures = outcome === 'unread' ? failures + 1 : 0
      if (outcome === 'unread') await rest(pauseMs(settings.pauses, failures, Math.random()), parts)
      if (outcome === 'others') await rest(OTHERS_EVERY_MS, parts)
      if (stopping.aborted || (outcome !== 'unread' && !again)) return
    }
  }
  return {
    wake(entry) {
      again = true
      if (entry !== undefined && heard.length < HEARD_LIMIT) heard.push(entry)
      else unheard = true
      working ??= work().finally(() => (working = undefined))
    },
    working: () => working,
  }
}

function gone({ rollout, ledger, settings, name }: LaneParts): Pass {
  if (ledger.drop(rollout))
    settings.logger.error({ rollout, notifier: name }, 'a journal is gone before it was told')
  return 'over'
}

function logUnread(error: unknown, { rollout, settings }: LaneParts): Pass {
  settings.logger.warn({ err: error, rollout }, 'a journal cannot be read; tried again')
  return 'unread'
}

async function rest(ms: number, { settings, stopping }: LaneParts): Promise<void> {
  await settings.clock.sleep(ms, { signal: stopping }).catch(() => undefined)
}
