import type { Entry, Plan, Store } from '@changeover/engine'
import type { Truth } from './truth.ts'

/** What the journal has said so far, and whether it was true. */
export interface JournalObserver {
  readonly store: Store
  readonly entries: readonly Entry[]
  /** Whether the intent was made durable before now: of an instance by its id, of routes by their revision. */
  readonly intended: (intent: Intent, subject: string | number) => boolean
  readonly isBack: () => boolean
  readonly isOver: () => boolean
  /** Basis points that the new release may have, by the gates that were passed. */
  readonly allowedWeight: () => number
}

/** Entries that have to be durable before what they announce is done. */
export type Intent = 'launch-intended' | 'stop-intended' | 'routes-intended'

export interface JournalObserverOptions {
  readonly store: Store
  readonly plan: Pick<Plan, 'steps' | 'to'>
  readonly truth: Truth
  readonly violate: (rule: number, what: string) => void
  readonly onEntry: (entry: Entry) => void
}

/** Reads along what is appended, and checks each entry against what is really so. */
export function observeJournal(options: JournalObserverOptions): JournalObserver {
  const { store, plan, truth, violate, onEntry } = options
  const entries: Entry[] = []
  const intents = new Set<string>()
  const passedGates: string[] = []
  let back = false
  let over = false

  function take(entry: Entry): void {
    if (over) violate(7, `${entry.type} follows the end`)
    const before = entries.at(-1)
    if (before && entry.fence < before.fence) violate(6, `${entry.type} has an older fence`)
    const lie = untruth(entry, truth)
    if (lie !== undefined) violate(5, lie)
    entries.push(entry)
    const subject = subjectOf(entry)
    if (subject !== undefined) intents.add(intentKey(entry.type, subject))
    if (isPass(entry)) passedGates.push(entry.gate)
    back ||= entry.type === 'turned-back'
    over ||= entry.type === 'finished'
    onEntry(entry)
  }

  return {
    entries,
    intended: (intent, subject) => intents.has(intentKey(intent, subject)),
    isBack: () => back,
    isOver: () => over,
    allowedWeight: () => allowedWeight(plan, passedGates),
    store: {
      ...store,
      async append(rollout, expectedSeq, added) {
        await store.append(rollout, expectedSeq, added)
        for (const entry of added) take(entry)
      },
    },
  }
}

/** What an intent is about; undefined for every other entry. */
function subjectOf(entry: Entry): string | number | undefined {
  switch (entry.type) {
    case 'launch-intended':
    case 'stop-intended':
      return entry.id
    case 'routes-intended':
      return entry.revision
    default:
      return undefined
  }
}

function intentKey(type: Entry['type'], subject: string | number): string {
  return `${type} ${subject}`
}

function isPass(entry: Entry): entry is Extract<Entry, { type: 'judged' }> {
  if (entry.type !== 'judged') return false
  return entry.verdict.verdict === 'pass' && entry.verdict.evidence > 0
}

/** What an entry says that is not so. */
function untruth(entry: Entry, truth: Truth): string | undefined {
  switch (entry.type) {
    case 'launched':
      return truth.wasLaunched(entry.instance.id)
        ? undefined
        : `${entry.instance.id} is journaled as launched, and never was`
    case 'ready':
    case 'available':
      return truth.wasReady(entry.id)
        ? undefined
        : `${entry.id} is journaled as ${entry.type}, and never was ready`
    case 'stopped':
      return truth.runs(entry.id) ? `${entry.id} is journaled as stopped, and runs` : undefined
    case 'routes-converged':
      return truth.follows(entry.revision)
        ? undefined
        : `revision ${entry.revision} is journaled as converged, and requests do not follow it`
    default:
      return undefined
  }
}

/** The highest weight of the steps up to the first gate that has not been passed. Pure. */
function allowedWeight(
  { steps, to }: Pick<Plan, 'steps' | 'to'>,
  passed: readonly string[],
): number {
  const left = [...passed]
  let highest = 0
  for (const step of steps) {
    const gate = step.step === 'hook' ? step.name : 'gate' in step ? step.gate : undefined
    if (gate !== undefined) {
      const at = left.indexOf(gate)
      if (at < 0) return highest
      left.splice(at, 1)
    }
    if (step.step === 'shift') highest = Math.max(highest, step.weights[to.id] ?? 0)
    if (step.step === 'replace' && step.release === to.id) highest = 10_000
  }
  return highest
}
