import {
  chainEntry,
  type Entry,
  type EntryBody,
  foldJournal,
  GENESIS_HASH,
  type Plan,
  rolling,
} from '@changeover/engine'
import type { LoadReport } from '@changeover/testing'
import type { Scene } from '../src/view.ts'

const v1 = { id: 'v1', version: '1.0.0', spec: {} }
const v2 = { id: 'v2', version: '2.0.0', spec: {} }

/** A plan that replaces v1 by v2. */
export function planToV2(): Plan {
  const context = { service: 'shop', from: v1, to: v2, replicas: 4, running: 4, router: {} }
  const written = rolling({ maxSurge: 1, maxUnavailable: 1 }).plan(context)
  const whole = { service: 'shop', strategy: 'rolling', from: v1, to: v2, replicas: 4 }
  return { ...whole, warnings: [], ...written }
}

/** The entries of a journal. */
export function journal(...bodies: readonly EntryBody[]): Entry[] {
  const entries: Entry[] = []
  for (const [seq, body] of bodies.entries()) {
    const prev = entries.at(-1)?.hash ?? GENESIS_HASH
    entries.push(chainEntry(body, { rollout: 'shop-2', seq, at: seq, fence: 1, prev }))
  }
  return entries
}

const instance = (id: string, release: string) => {
  return { id, service: 'shop', release, address: '127.0.0.1:20000' }
}

/** The middle of a rolling update: every state of an instance that the audience can see. */
export function updateScene(): Scene {
  const plan = planToV2()
  const adopted = ['shop-1.1', 'shop-1.2', 'shop-1.3'].map((id): EntryBody => {
    return { type: 'adopted', instance: instance(id, 'v1'), ready: true }
  })
  const fresh = ['shop-2.1', 'shop-2.2', 'shop-2.3'].flatMap((id): EntryBody[] => [
    { type: 'launch-intended', id, release: 'v2' },
    { type: 'launched', instance: instance(id, 'v2') },
  ])
  const entries = journal(
    { type: 'created', plan },
    ...adopted,
    ...plan.steps.map((step, index): EntryBody => ({ type: 'step-started', index, step })),
    ...fresh,
    { type: 'launch-intended', id: 'shop-2.4', release: 'v2' },
    { type: 'ready', id: 'shop-2.1' },
    { type: 'available', id: 'shop-2.1' },
    { type: 'ready', id: 'shop-2.2' },
    { type: 'stop-intended', id: 'shop-1.3' },
  )
  return {
    url: 'http://127.0.0.1:8080',
    elapsedMs: 12_345,
    rollout: foldJournal(entries),
    pools: [
      { release: 'v1', weight: 5000, instances: [instance('shop-1.1', 'v1')] },
      { release: 'v2', weight: 5000, instances: [instance('shop-2.1', 'v2')] },
    ],
    traffic: { v1: { total: 10_231, bad: 0 }, v2: { total: 1231, bad: 2 } },
    load: { report: report(), perSecond: 499.6 },
    past: ['v1 promoted after 1.5 s'],
  }
}

/** A load without a dropped request. */
export function report(changes: Partial<LoadReport> = {}): LoadReport {
  const latency = { p50: 10, p90: 20, p99: 31, max: 40 }
  return {
    runId: 'run',
    rate: 500,
    elapsedMs: 10_000,
    scheduled: 11_462,
    sent: 11_462,
    answered: 11_462,
    dropped: 0,
    abandoned: 0,
    inFlight: 0,
    byClass: {
      refused: 0,
      'reset-fresh': 0,
      'reset-reused': 0,
      truncated: 0,
      timeout: 0,
      'status-5xx': 0,
      'status-4xx': 0,
      wrong: 0,
      other: 0,
    },
    byRelease: { v1: 10_231, v2: 1231 },
    latency,
    lag: latency,
    failures: [],
    unanswered: [],
    ...changes,
  }
}
