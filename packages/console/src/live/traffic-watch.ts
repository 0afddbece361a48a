import type { Router } from '@changeover/engine'
import type { Logger } from 'pino'
import type { TrafficView } from '../api/index.ts'

/** Time between two samples, in milliseconds. */
const EVERY_MS = 1_000

export interface TrafficWatch {
  readonly router: Router | undefined
  readonly logger: Logger
  readonly now: () => number
}

/**
 * Asks the router about once a second what each release was sent, until `signal` aborts. One that does not answer is
 * asked again, and tells nothing meanwhile.
 */
export function watchTraffic(
  { router, logger, now }: TrafficWatch,
  service: () => string | undefined,
  signal: AbortSignal,
  listener: (traffic: TrafficView) => void,
): void {
  if (!router?.traffic) return
  let timer: NodeJS.Timeout | undefined
  const ask = async (): Promise<void> => {
    const name = service()
    try {
      const releases = name === undefined ? undefined : await router.traffic?.(name, { signal })
      if (releases && !signal.aborted) listener({ at: now(), releases })
    } catch (error) {
      if (!signal.aborted) logger.debug({ err: error }, 'the router told no traffic')
    }
    if (!signal.aborted) timer = setTimeout(again, EVERY_MS)
  }
  const again = (): void => void ask()
  timer = setTimeout(again, 0)
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
}
