import { type Entry, type Rollout, type Step, toMs } from '@changeover/engine'
import type { VirtualClock } from './virtual-clock.ts'
import type { World } from './world.ts'

/** How long a rollout is held before somebody looks after it. */
const HELD_FOR_MS = 600_000
/** How long people wait before they ask an engine again that gave no answer. */
const ASK_AGAIN_AFTER_MS = 60_000

/** The people around a rollout: they approve, and they decide where a gate holds. */
export interface SimulatedPeople {
  /** They read the journal. */
  readonly onEntry: (entry: Entry) => void
  /** Whom they talk to from now on, too. */
  readonly turnTo: (rollout: Rollout) => void
}

type Ask = (rollout: Rollout) => Promise<void>

/** Each rollout has people of its own; what the world has them ask for is about the first. */
export function simulatedPeople(world: World, clock: VirtualClock): SimulatedPeople {
  const later = { ...world, commands: [] }
  const groups = new Map<string, SimulatedPeople>()
  const around = (id: string): SimulatedPeople => {
    const known = groups.get(id) ?? peopleAround(groups.size === 0 ? world : later, clock)
    groups.set(id, known)
    return known
  }
  return {
    turnTo: (rollout) => around(rollout.id).turnTo(rollout),
    onEntry: (entry) => around(entry.rollout).onEntry(entry),
  }
}

function peopleAround(world: World, clock: VirtualClock): SimulatedPeople {
  const { approvals = '1m', holds = 'abort', commands = [] } = world
  /** By every engine that has led it: people cannot tell who leads now, and one that woke up late only refuses. */
  const handles = new Set<Rollout>()
  let step: Step | undefined
  const ended = new Set<string>()

  /** Asks for it until it was journaled that somebody did: an engine that dies answers nobody. */
  async function ask(id: string, afterMs: number, call: Ask): Promise<void> {
    await clock.sleep(afterMs)
    while (ended.size === 0 && !journaled.has(id)) {
      for (const rollout of handles) void call(rollout).catch(() => undefined)
      await clock.sleep(ASK_AGAIN_AFTER_MS)
    }
  }
  const journaled = new Set<string>()
  let asked = 0

  function approveAll({ gate, quorum }: Extract<Step, { step: 'approve' }>): void {
    if (approvals === 'never') return
    for (let person = 1; person <= quorum; person += 1) {
      const id = `${gate}-${person}-${(asked += 1)}`
      const delayMs = toMs(approvals, 'world.approvals') * person
      void ask(id, delayMs, (one) => one.approve({ gate, by: `person ${person}`, id }))
    }
  }

  /** One after the other: an engine that is down must not be paused when it was to be resumed. */
  async function command(): Promise<void> {
    const begun = clock.now()
    for (const { at, command: name } of commands) {
      const id = `${name}-${(asked += 1)}`
      const afterMs = toMs(at, 'world.commands.at') - (clock.now() - begun)
      await ask(id, Math.max(0, afterMs), (one) => one[name]({ by: 'person 1', id }))
    }
  }

  void command()
  return {
    turnTo(next) {
      handles.add(next)
    },
    onEntry(entry) {
      if (entry.type === 'commanded') journaled.add(entry.id)
      if (entry.type === 'finished') ended.add(entry.rollout)
      if (entry.type === 'step-started' && entry.step !== step) {
        step = entry.step
        if (step.step === 'approve') approveAll(step)
      }
      if (entry.type === 'held') {
        const id = `held-${(asked += 1)}`
        void ask(id, HELD_FOR_MS, (one) => one[holds]({ by: 'person 1', id }))
      }
    },
  }
}
