import type { Entry, Store } from '@changeover/engine'
import type { CourierRollout } from './courier-options.ts'

/** What is known of one rollout's journal. */
export interface JournalView {
  readonly rollout: CourierRollout
  readonly startedAt: number
  readonly finished: boolean
  /** Number of the entry that would follow. */
  readonly end: number
  /** The entries that were asked for. */
  readonly fresh: readonly Entry[]
}

/** Reads a journal, and keeps the entries from `next` on. Undefined where it is no rollout of this store. */
export async function viewJournal(
  store: Store,
  rollout: string,
  next: number,
): Promise<JournalView | undefined> {
  let view: JournalView | undefined
  const fresh: Entry[] = []
  for await (const entry of store.read(rollout)) {
    view = view === undefined ? begin(entry) : follow(view, entry)
    if (view === undefined) return undefined
    if (entry.seq >= next) fresh.push(entry)
  }
  return view && { ...view, fresh }
}

/** The view after `entries`, which follow it and are what is fresh in it. Pure. */
export function extendView(view: JournalView, entries: readonly Entry[]): JournalView {
  return { ...entries.reduce(follow, view), fresh: entries }
}

function begin(entry: Entry): JournalView | undefined {
  if (entry.type !== 'created') return undefined
  const rollout = { id: entry.rollout, service: entry.plan.service, holder: undefined }
  return { rollout, startedAt: entry.at, finished: false, end: 1, fresh: [] }
}

function follow(view: JournalView, entry: Entry): JournalView {
  const holder = entry.type === 'led' ? entry.holder : view.rollout.holder
  return {
    ...view,
    rollout: { ...view.rollout, holder },
    finished: entry.type === 'finished',
    end: entry.seq + 1,
  }
}
