import type { Entry, Service, Store } from '@changeover/engine'
import { type JournalsObserver, type ObservedPlan, observeJournals } from './journal-observer.ts'
import { observe, type Observer } from './observer.ts'
import { watchReleases } from './release-observer.ts'
import type { Observed } from './watch.ts'

export interface ObservedRollouts extends Omit<Observed, 'journal' | 'onLaunch' | 'plan' | 'to'> {
  readonly store: Store
  /** Of the first rollout; later ones are told by their journals. */
  readonly plan: ObservedPlan
  /** What the service is now, as anybody may ask. */
  readonly service: () => Promise<Service>
  readonly slackMs: number
  readonly onEntry: (entry: Entry) => void
}

/** Watches the ports and the journals of one service, rollout after rollout. */
export function observeRollouts(options: ObservedRollouts): {
  readonly observer: Observer
  readonly journals: JournalsObserver
} {
  const { service, store, plan, slackMs, onEntry } = options
  const violate = (rule: number, what: string): void => observer.violate(rule, what)
  const releases = watchReleases({ service, violate })
  const observer: Observer = observe({
    ...options,
    get plan() {
      return journals.latest().plan
    },
    get to() {
      return journals.latest().plan.to.id
    },
    onLaunch: releases.see,
    journal: () => journals.latest(),
  })
  const journals: JournalsObserver = observeJournals({
    store,
    plan,
    truth: observer.truth,
    violate,
    slackMs,
    onEntry,
    onDurable: releases.check,
  })
  return { observer, journals }
}
