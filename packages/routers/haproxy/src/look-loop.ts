import { setTimeout as delay } from 'node:timers/promises'
import type { ServedService } from './served-service.ts'

/** Looks at each service again and again until the signal is aborted; resolves when no look is under way any more. */
export async function keepLooking(
  services: readonly Pick<ServedService, 'look'>[],
  everyMs: number,
  over: AbortSignal,
): Promise<void> {
  if (everyMs === 0) return
  while (!over.aborted) {
    // A process that has nothing else to do may end.
    await delay(everyMs, undefined, { signal: over, ref: false }).catch(() => undefined)
    if (!over.aborted) await Promise.all(services.map(({ look }) => look(over)))
  }
}
