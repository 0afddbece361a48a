import { ChangeoverError } from './changeover-error.ts'
import type { EngineParts } from './engine-parts.ts'
import { readState } from './find-rollout.ts'
import { lead } from './lead.ts'
import type { Rollout } from './rollout.ts'
import type { RolloutSummary } from './store.ts'

export interface Takeover extends EngineParts {
  /** How long to wait for the leases of others. */
  readonly waitMs: number
}

/**
 * Goes on with rollouts that have no end. Those that another engine leads or ends meanwhile are left out, and so are those
 * that cannot be read or leased now, which the log tells.
 *
 * @throws the reason of `signal`, and nothing else
 */
export async function takeOverAll(
  takeover: Takeover,
  rollouts: readonly RolloutSummary[],
): Promise<Rollout[]> {
  const { logger } = takeover.settings.leadership
  const taken = await Promise.all(
    rollouts.map(async (one) => {
      try {
        return await takeOver(takeover, one)
      } catch (error) {
        takeover.signal.throwIfAborted()
        const { service, id: rollout } = one
        logger.error({ err: error, service, rollout }, 'the rollout could not be taken over')
        return undefined
      }
    }),
  )
  return taken.filter((rollout) => rollout !== undefined)
}

async function takeOver(
  takeover: Takeover,
  { id, service }: RolloutSummary,
): Promise<Rollout | undefined> {
  const { settings, leading, turns, waitMs, signal } = takeover
  const { clock } = settings.leadership.ports
  const until = clock.now() + waitMs
  for (;;) {
    signal.throwIfAborted()
    // Whoever of this engine has the turn is at work on the service already.
    if (turns.busy(service)) return leading.get(id)
    const attempt = await turns.take(service, () => takeOverNow(takeover, service, id))
    if ('rollout' in attempt) return attempt.rollout
    const leftMs = until - clock.now()
    if (leftMs <= 0) return undefined
    await clock.sleep(Math.min(attempt.heldForMs, leftMs), { signal })
  }
}

type Attempt =
  | { readonly rollout: Rollout | undefined }
  /** How long somebody else holds the lease, in milliseconds. */
  | { readonly heldForMs: number }

async function takeOverNow(
  { settings: { leadership, holder }, leading, signal }: Takeover,
  service: string,
  id: string,
): Promise<Attempt> {
  const { store, leaseTtlMs } = leadership
  // Under this engine's name the lease would be granted once more: led twice, it would be given back twice.
  if (leading.of(service)) return { rollout: leading.get(id) }
  const lease = await store.lease(service, holder, leaseTtlMs).catch((error: unknown) => {
    const heldForMs = leaseHeldFor(error)
    if (heldForMs === undefined) throw error
    return { heldForMs }
  })
  if ('heldForMs' in lease) return lease
  try {
    const state = await readState(store, id)
    signal.throwIfAborted()
    if (state.outcome === undefined)
      return { rollout: leading.follow(lead(leadership, state, lease)) }
  } catch (error) {
    await store.release(lease).catch(() => undefined)
    throw error
  }
  // Whoever had the lease has ended the rollout meanwhile.
  await store.release(lease)
  return { rollout: undefined }
}

/** How long somebody else holds the lease, in milliseconds; undefined for any other error. */
function leaseHeldFor(error: unknown): number | undefined {
  const held = error instanceof ChangeoverError && error.code === 'CHANGEOVER_LEASE_HELD'
  return held ? Math.max(1, Number(error.details['remainingMs'])) : undefined
}
