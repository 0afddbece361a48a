import type { InstanceView, RolloutView, StepView } from '@changeover/console/api'
import { firstPicture, type RolloutPicture } from '../../src/view/rollout-picture.ts'
import type { Style } from '../../src/view/style.ts'

/** Paper of 80 columns, without colours. */
export const PAPER: Style = { width: 80, colour: false, ascii: false }

export const NOW = 1_750_000_000_000
const MINUTE = 60_000

export function step(step: StepView['step'], text: string, own: Partial<StepView> = {}): StepView {
  return {
    step,
    text,
    state: 'next',
    startedAt: undefined,
    endsAt: undefined,
    gate: undefined,
    ...own,
  }
}

export function instances(
  release: string,
  count: number,
  own: Partial<InstanceView> = {},
): InstanceView[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `shop-${release}.${at + 1}`,
    release,
    phase: 'available',
    address: `127.0.0.1:${4_000 + at}`,
    since: NOW - 10 * MINUTE,
    ...own,
  }))
}

/** A canary of three at 25 %, where somebody may say what is different. */
export function rollout(own: Partial<RolloutView> = {}): RolloutView {
  return {
    id: 'shop-mwtf0zyo-025be5d7',
    service: 'shop',
    from: { id: '2.3.0', version: '2.3.0' },
    to: { id: '2.4.0', version: '2.4.0' },
    replicas: 3,
    startedAt: NOW - 5 * MINUTE,
    finishedAt: undefined,
    outcome: undefined,
    seq: 40,
    status: 'progressing',
    strategy: 'canary',
    by: 'ann',
    direction: 'forward',
    position: 2,
    steps: [
      step('launch', 'have 1 instance of "2.4.0" ready (within 1m)', { state: 'done' }),
      step('shift', 'route 25% to "2.4.0", 75% to "2.3.0"', { state: 'done' }),
      step('bake', 'wait 2m', { state: 'active', startedAt: NOW - 50_000, endsAt: NOW + 70_000 }),
      step('judge', 'gate "errors": judge errors', { gate: 'errors' }),
      step('approve', 'gate "go": 2 people approve', { gate: 'go' }),
      step('replace', 'replace all others by 3 instances of "2.4.0"'),
    ],
    gates: [
      {
        gate: 'errors',
        kind: 'judge',
        open: false,
        verdict: undefined,
        thresholds: ['errors: new at most 1.25 times old'],
        approvals: [],
        quorum: 0,
        notRequester: false,
      },
      {
        gate: 'go',
        kind: 'approve',
        open: false,
        verdict: undefined,
        thresholds: [],
        approvals: [],
        quorum: 2,
        notRequester: true,
      },
    ],
    pools: [
      { release: '2.4.0', weight: 2_500, instances: 1 },
      { release: '2.3.0', weight: 7_500, instances: 3 },
    ],
    counts: [
      { release: '2.3.0', starting: 0, ready: 3, stopping: 0 },
      { release: '2.4.0', starting: 0, ready: 1, stopping: 0 },
    ],
    capacity: { maxTotal: 4, minAvailable: 3 },
    warnings: [],
    paused: undefined,
    promotedBy: undefined,
    aborted: undefined,
    failure: undefined,
    holder: 'vm-1',
    ...own,
  }
}

export function picture(own: Partial<RolloutView> = {}): RolloutPicture {
  return firstPicture(rollout(own), [
    ...instances('2.4.0', 1, { since: NOW - 4 * MINUTE }),
    ...instances('2.3.0', 3),
  ])
}
