import type { Clock, DrainReport, WaitOptions } from '@changeover/engine'
import type { InFlight } from './in-flight.ts'

/**
 * Resolves in the turn in which the last request of `instances` ended, or at the deadline with what is left. An
 * instance that still gets requests is not drained, however few it has.
 *
 * @throws the signal's reason when that aborts first
 */
export async function drained(
  inFlight: InFlight,
  instances: readonly string[],
  clock: Clock,
  { deadline, signal }: WaitOptions,
): Promise<DrainReport> {
  const idle = new AbortController()
  const check = (): void => {
    if (inFlight.left(instances).idle) idle.abort()
  }
  const unwatch = inFlight.watch(check)
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
  }
  const left = inFlight.left(instances)
  return { drained: left.idle, inFlight: left.active, longLived: left.longLived, forced: 0 }
}
