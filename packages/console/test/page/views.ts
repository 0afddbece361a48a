import type { Entry, EntryBody, Plan } from '@changeover/engine'
import type { ActorView, RolloutView } from '../../src/api/index.ts'

const v1 = { id: 'v1', version: '1.0.0' }
const v2 = { id: 'v2', version: '2.0.0' }

/** A rollout from v1 to v2 in the middle of its plan, with what a test wants otherwise. */
export function rolloutView(given: Partial<RolloutView> = {}): RolloutView {
  return {
    id: 'shop-1',
    service: 'shop',
    from: v1,
    to: v2,
    replicas: 4,
    startedAt: 1_000,
    finishedAt: undefined,
    outcome: undefined,
    seq: 10,
    status: 'progressing',
    strategy: 'canary',
    by: 'ann',
    direction: 'forward',
    position: 1,
    steps: [
      step('launch', 'done'),
      step('approve', 'active'),
      step('shift', 'next'),
      step('stop', 'next'),
    ],
    gates: [],
    pools: [
      { release: 'v2', weight: 2500, instances: 1 },
      { release: 'v1', weight: 7500, instances: 4 },
    ],
    counts: [
      { release: 'v2', starting: 0, ready: 1, stopping: 0 },
      { release: 'v1', starting: 0, ready: 4, stopping: 0 },
    ],
    capacity: { maxTotal: 5, minAvailable: 4 },
    warnings: [],
    paused: undefined,
    promotedBy: undefined,
    aborted: undefined,
    failure: undefined,
    holder: 'engine-1',
    ...given,
  }
}

function step(
  name: RolloutView['steps'][number]['step'],
  state: 'done' | 'active' | 'next',
): RolloutView['steps'][number] {
  return { step: name, text: name, state, startedAt: 1, endsAt: undefined, gate: undefined }
}

export const approvalGate: RolloutView['gates'][number] = {
  gate: 'go',
  kind: 'approve',
  open: true,
  verdict: undefined,
  thresholds: [],
  approvals: [],
  quorum: 1,
  notRequester: false,
}

export function actor(role: ActorView['role'], name = 'bob'): ActorView {
  return { name, role, via: 'session', csrf: 'token' }
}

const plan: Plan = {
  service: 'shop',
  strategy: 'canary',
  from: { ...v1, spec: undefined },
  to: { ...v2, spec: undefined },
  replicas: 4,
  steps: [],
  rollback: [],
  capacity: { maxTotal: 5, minAvailable: 4 },
  warnings: [],
}

/** A journal of these entries, behind the one that every journal begins with. The page is told hashes and checks none. */
export function journal(...bodies: readonly EntryBody[]): readonly Entry[] {
  const created: EntryBody = { type: 'created', plan, by: 'ann' }
  const link = { v: 2, rollout: 'shop-1', fence: 1, prev: '', hash: '' } as const
  return [created, ...bodies].map((body, seq) => ({ ...link, ...body, seq, at: 1_000 * seq }))
}

export function instance(id: string, release = 'v2') {
  return { id, service: 'shop', release, address: '127.0.0.1:8080' }
}
