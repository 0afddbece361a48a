import type { Entry, Plan, Store } from '@changeover/engine'
import { watchDeadlines } from './deadline-observer.ts'
import type { Truth } from './truth.ts'

/** What the journal of one rollout has said so far. */
export interface JournalObserver {
  readonly plan: ObservedPlan
  readonly entries: readonly Entry[]
  /** Whether the intent was made durable before now: of an instance by its id, of routes by their revision. */
  readonly intended: (intent: Intent, subject: string | number) => boolean
  readonly isBack: () => boolean
  readonly isOver: () => boolean
  /** Basis points that the new release may have, by the gates that were passed. */
  readonly allowedWeight: () => number
}

/** The journals of a service, one rollout after the other, and whether they were true. */
export interface JournalsObserver {
  readonly store: Store
  /** Of the rollout that was begun last; before the first, of the one that is planned. */
  readonly latest: () => JournalObserver
  /** Oldest first. */
  readonly all: readonly JournalObserver[]
}

/** Entries that have to be durable before what they announce is done. */
export type Intent = 'launch-intended' | 'stop-intended' | 'routes-intended'

export type ObservedPlan = Pick<Plan, 'capacity' | 'from' | 'steps' | 'to'>

export interface JournalObserverOptions {
  readonly store: Store
  /** Of the first rollout. */
  readonly plan: ObservedPlan
  readonly truth: Truth
  readonly violate: (rule: number, what: string) => void
  /** By how much a step may outlast its deadline, in milliseconds. */
  readonly slackMs: number
  readonly onEntry: (entry: Entry) => void
  /** Called when an entry is durable, and waited for. */
  readonly onDurable: (entry: Entry) => Promise<void>
}

/** Reads along what is appended, and checks each entry against what is really so. */
export function observeJournals(options: JournalObserverOptions): JournalsObserver {
  const { store, violate, truth } = options
  const readers = new Map<string, JournalReader>()
  const all: JournalObserver[] = []
  let latest = readAlong(options.plan, options)
  let fence = 0

  function open({ plan, rollout }: Extract<Entry, { type: 'created' }>): void {
    if (all.some((one) => !one.isOver())) violate(6, `${rollout} begins while another is under way`)
    latest = readAlong(plan, options)
    readers.set(rollout, latest)
    all.push(latest)
  }

  function take(entry: Entry): void {
    if (entry.type === 'created') open(entry)
    if (entry.fence < fence) violate(6, `${entry.type} has an older fence`)
    fence = Math.max(fence, entry.fence)
    const lie = untruth(entry, truth)
    if (lie !== undefined) violate(5, lie)
    readers.get(entry.rollout)?.take(entry)
    options.onEntry(entry)
  }

  return {
    all,
    latest: () => latest,
    store: {
      ...store,
      async append(rollout, expectedSeq, added) {
        await store.append(rollout, expectedSeq, added)
        for (const entry of added) take(entry)
        for (const entry of added) await options.onDurable(entry)
      },
    },
  }
}

interface JournalReader extends JournalObserver {
  readonly take: (entry: Entry) => void
}

function readAlong(
  plan: ObservedPlan,
  { violate, slackMs }: Pick<JournalObserverOptions, 'slackMs' | 'violate'>,
): JournalReader {
  const entries: Entry[] = []
  const intents = new Set<string>()
  const passedGates: string[] = []
  const checkDeadline = watchDeadlines(slackMs, violate)
  let back = false
  let over = false

  return {
    plan,
    entries,
    intended: (intent, subject) => intents.has(intentKey(intent, subject)),
    isBack: () => back,
    isOver: () => over,
    allowedWeight: () => allowedWeight(plan, passedGates),
    take(entry) {
      if (over) violate(7, `${entry.type} follows the end`)
      entries.push(entry)
      checkDeadline(entry)
      const subject = subjectOf(entry)
      if (subject !== undefined) intents.add(intentKey(entry.type, subject))
      if (isPass(entry)) passedGates.push(entry.gate)
      back ||= entry.type === 'turned-back'
      over ||= entry.type === 'finished'
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
function allowedWeight({ steps, to }: ObservedPlan, passed: readonly string[]): number {
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
