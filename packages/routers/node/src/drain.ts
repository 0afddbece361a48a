import type { Clock, DrainReport, WaitOptions } from '@changeover/engine'
import type { InFlight } from './in-flight.ts'
import type { Upgrades } from './upgrades.ts'

/** What is there to drain of one service. */
export interface Drainable {
  readonly inFlight: InFlight
  readonly upgrades: Upgrades
}

/**
 * Resolves in the turn in which the last request of `instances` ended, or at the deadline with what is left. An
 * instance that still gets requests is not drained, however few it has. Upgraded connections would last for as long as
 * they like, so they are wound up meanwhile unless the policy is to wait for them.
 *
 * @throws the signal's reason when that aborts first
 */
export async function drained(
  { inFlight, upgrades }: Drainable,
  instances: readonly string[],
  clock: Clock,
  { deadline, signal }: WaitOptions,
): Promise<DrainReport> {
  const idle = new AbortController()
  const ended = new AbortController()
  const check = (): void => {
    if (inFlight.left(instances).idle) idle.abort()
  }
  const unwatch = inFlight.watch(check)
  const over = signal ? AbortSignal.any([ended.signal, signal]) : ended.signal
  const winding = upgrades.windUp(instances, { clock, deadline, signal: over })
  check()
  try {
    if (!idle.signal.aborted)
      await clock.sleep(deadline, {
        signal: signal ? AbortSignal.any([idle.signal, signal]) : idle.signal,
      })
  } catch (error) {
    if (!idle.signal.aborted) throw signal?.aborted ? signal.reason : error
  } finally {
    unwatch()
    ended.abort()
  }
  const { forced } = winding
  const left = inFlight.left(instances)
  return { drained: left.idle, inFlight: left.active, longLived: left.longLived, forced }
}
