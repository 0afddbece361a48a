import { refuse } from './changeover-error.ts'
import type { EngineSettings } from './engine-options.ts'
import { followRollout, type Followed, type FollowOptions, isShared } from './follow.ts'
import type { Rollout } from './rollout.ts'
import type { RolloutState } from './rollout-state.ts'
import type { Superseded } from './supersede.ts'
import { findElsewhere, readState } from './find-rollout.ts'

/** The rollouts that other engines lead, each followed once however often it is asked for. */
export interface Elsewhere {
  /**
   * The rollout, followed where it is under way.
   *
   * @throws ChangeoverError as `findElsewhere`
   */
  find(rollout: string): Promise<Rollout>
  /** The rollout under way of a service, where there is one and it can be followed. */
  of(service: string): Promise<Superseded | undefined>
  /** Ends following. */
  close(): Promise<void>
}

export function createElsewhere({ leadership, newId }: EngineSettings): Elsewhere {
  const { store, ports, leaseTtlMs: deadlineMs } = leadership
  const all = new Map<string, Followed>()
  let closed = false

  function begin(options: FollowOptions, state: RolloutState): Followed {
    const followed = followRollout(options, state)
    all.set(state.id, followed)
    void followed.rollout.finished.then(() => all.delete(state.id))
    return followed
  }

  function follow(state: RolloutState): Followed | undefined {
    if (closed || !isShared(store)) return undefined
    return all.get(state.id) ?? begin({ store, clock: ports.clock, deadlineMs, newId }, state)
  }

  return {
    find: async (rollout) =>
      all.get(rollout)?.rollout ?? findElsewhere(store, rollout, (state) => follow(state)?.rollout),
    async of(service) {
      if (!isShared(store)) return undefined
      const [open] = await store.rollouts({ service, open: true })
      return open && (all.get(open.id) ?? follow(await readState(store, open.id)))
    },
    async close() {
      closed = true
      const followed = [...all.values()]
      const call = 'follow a rollout'
      for (const one of followed) one.stop(refuse('CHANGEOVER_ENGINE_CLOSED', { call }))
      await Promise.all(followed.map(({ rollout }) => rollout.finished))
    },
  }
}
