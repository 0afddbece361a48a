import { chainEntry, type Entry, type EntryBody, GENESIS_HASH, type Plan } from '@changeover/engine'
import { type Story, tell } from '../../src/views/story.ts'

/** A journal of these bodies, one a second from 1,000 s after the epoch. */
export function journal(...bodies: readonly EntryBody[]): Entry[] {
  const entries: Entry[] = []
  for (const [seq, body] of bodies.entries()) {
    const prev = entries.at(-1)?.hash ?? GENESIS_HASH
    const at = 1_000_000 + seq * 1_000
    entries.push(chainEntry(body, { rollout: 'r1', seq, at, fence: 1, prev }))
  }
  return entries
}

export function story(...bodies: readonly EntryBody[]): Story {
  let told: Story | undefined
  for (const entry of journal(...bodies)) told = tell(told, entry)
  return told!
}

/** A canary with a gate of each kind. */
export const PLAN: Plan = {
  service: 'shop',
  strategy: 'canary',
  from: { id: 'v1', version: '1.0', spec: { env: { KEY: 'secret' } } },
  to: { id: 'v2', version: '2.0', spec: { env: { KEY: 'secret' } } },
  replicas: 2,
  steps: [
    { step: 'launch', release: 'v2', instances: 1, minReadyMs: 0, readyWithinMs: 60_000 },
    { step: 'shift', weights: { v1: 9_000, v2: 1_000 } },
    { step: 'bake', durationMs: 30_000 },
    {
      step: 'judge',
      gate: 'errors-low',
      indicators: { errors: { kind: 'bound-rate', limit: 0.01, confidence: 0.95 } },
      candidate: 'v2',
      baseline: 'v1',
      everyMs: 1_000,
      deadlineMs: 60_000,
    },
    { step: 'hook', name: 'smoke', timeoutMs: 1_000, attempts: 2 },
    { step: 'approve', gate: 'go', quorum: 2, notRequester: true, expiresMs: 90_000 },
    { step: 'shift', weights: { v2: 10_000 } },
  ],
  rollback: [{ step: 'shift', weights: { v1: 10_000 } }],
  capacity: { maxTotal: 3, minAvailable: 2 },
  warnings: ['mind the gap'],
}

export const CREATED: EntryBody = { type: 'created', plan: PLAN, by: 'ann' }
export const LED: EntryBody = { type: 'led', holder: 'engine-1' }

export function started(index: number): EntryBody {
  const step = PLAN.steps[index]!
  return { type: 'step-started', index, step }
}

export function finished(index: number): EntryBody {
  return { type: 'step-finished', index }
}
