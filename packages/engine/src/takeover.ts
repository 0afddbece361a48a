import { ChangeoverError } from './changeover-error.ts'
import type { EngineSettings } from './engine-options.ts'
import { readState } from './find-rollout.ts'
import { lead, type Led } from './lead.ts'
import type { Rollout } from './rollout.ts'
import type { RolloutSummary } from './store.ts'

export interface Takeover {
  /** How long to wait for the leases of others. */
  readonly waitMs: number
  /** Breaks the wait off. */
  readonly signal: AbortSignal
  /** Called in the turn in which a rollout is led, so that none is ever led unknown to the engine. */
  readonly follow: (led: Led) => Rollout
}

/** Goes on with rollouts that have no end. Those that another engine leads or ends meanwhile are left out. */
export async function takeOverAll(
  settings: EngineSettings,
  rollouts: readonly RolloutSummary[],
  takeover: Takeover,
): Promise<Rollout[]> {
  const taken = await Promise.all(rollouts.map((one) => takeOver(settings, one, takeover)))
  return taken.filter((rollout) => rollout !== undefined)
}

async function takeOver(
  { leadership, holder }: EngineSettings,
  { id, service }: RolloutSummary,
  { waitMs, signal, follow }: Takeover,
): Promise<Rollout | undefined> {
  const { store, leaseTtlMs, ports } = leadership
  const until = ports.clock.now() + waitMs
  for (;;) {
    signal.throwIfAborted()
    try {
      const lease = await store.lease(service, holder, leaseTtlMs)
      const state = await readState(store, id)
      signal.throwIfAborted()
      if (state.outcome === undefined) return follow(lead(leadership, state, lease))
      // Whoever had the lease has ended the rollout meanwhile.
      await store.release(lease)
      return undefined
    } catch (error) {
      const heldForMs = leaseHeldFor(error)
      if (heldForMs === undefined) throw error
      const leftMs = until - ports.clock.now()
      if (leftMs <= 0) return undefined
      await ports.clock.sleep(Math.min(heldForMs, leftMs), { signal })
    }
  }
}

/** How long somebody else holds the lease, in milliseconds; undefined for any other error. */
function leaseHeldFor(error: unknown): number | undefined {
  const held = error instanceof ChangeoverError && error.code === 'CHANGEOVER_LEASE_HELD'
  return held ? Math.max(1, Number(error.details['remainingMs'])) : undefined
}
