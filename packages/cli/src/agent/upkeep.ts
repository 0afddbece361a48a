import type { Engine, Fleet, Rollout, Router, Store, Unsubscribe } from '@changeover/engine'
import type { Logger } from 'pino'
import { wordsOf } from './agent-error.ts'
import { afterTry, type Backoff, isDue, NO_FAILURE } from './backoff.ts'

/** What the agent looks after, and by what. */
export interface UpkeepParts {
  readonly engine: Engine
  readonly store: Store
  readonly fleet: Fleet
  readonly router: Router
  /** Those that are to run. Asked each time. */
  readonly services: () => readonly string[]
  /** Makes the router of a service reachable, where that is ours to do. */
  readonly openRouter: (service: string) => Promise<void>
  readonly logger: Logger
}

/** Keeps services as they are meant to be, between rollouts and after crashes. */
export interface Upkeep {
  /** Looks soon, instead of at the next turn. */
  wake(): void
  /** Begins to look after services that are new, and forgets those that are gone. */
  follow(): void
  /** Resolves when nothing of it is under way any more. Rollouts go on. */
  close(): Promise<void>
}

const LOOK_EVERY_MS = 2_000

export function startUpkeep(parts: UpkeepParts): Upkeep {
  const closing = new AbortController()
  const bell = createBell(closing.signal)
  const backoffs = new Map<string, Backoff>()
  const watches = new Map<string, Unsubscribe>()
  const guarded = async (name: string, work: () => Promise<void>): Promise<void> => {
    if (!isDue(backoffs.get(name) ?? NO_FAILURE, Date.now())) return
    try {
      await work()
    } catch (error) {
      if (closing.signal.aborted) return
      const backoff = afterTry(backoffs.get(name) ?? NO_FAILURE, Date.now())
      backoffs.set(name, backoff)
      parts.logger.error(
        { task: name, failures: backoff.failures, reason: wordsOf(error) },
        'upkeep failed',
      )
    }
  }
  const mend = (service: string): Promise<void> =>
    guarded(service, async () => {
      await parts.openRouter(service)
      const rollout = await parts.engine.repair(service)
      if (rollout === undefined) return
      parts.logger.warn({ service, rollout: rollout.id }, 'service is being repaired')
      backoffs.set(service, afterTry(backoffs.get(service) ?? NO_FAILURE, Date.now()))
      void tellEnd(rollout, parts.logger).then(() => bell.ring())
    })
  const follow = (): void => {
    watchAll(parts, watches, () => bell.ring())
    bell.ring()
  }
  const loop = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await guarded('open rollouts', () => takeUp(parts))
      await Promise.all(parts.services().map(mend))
      await bell.wait(LOOK_EVERY_MS)
    }
  }
  follow()
  const done = loop()
  return {
    wake: () => bell.ring(),
    follow,
    async close() {
      closing.abort()
      bell.ring()
      for (const unsubscribe of watches.values()) unsubscribe()
      watches.clear()
      await done
    },
  }
}

/** Watches the services that are to run now, and no others. */
function watchAll(parts: UpkeepParts, watches: Map<string, Unsubscribe>, ring: () => void): void {
  const wanted = new Set(parts.services())
  for (const [service, unsubscribe] of watches)
    if (!wanted.has(service) && watches.delete(service)) unsubscribe()
  for (const service of wanted)
    if (!watches.has(service)) watches.set(service, watchService(parts, service, ring))
}

/** Rollouts without an end that nobody leads, such as those of an agent that died; leases of others are left alone. */
async function takeUp({ engine, store }: UpkeepParts): Promise<void> {
  const open = await store.rollouts({ open: true })
  if (open.length > 0) await engine.resume({ wait: 0 })
}

async function tellEnd(rollout: Rollout, logger: Logger): Promise<void> {
  const { outcome, reason } = await rollout.finished
  const level = outcome === 'promoted' ? 'info' : 'error'
  logger[level]({ service: rollout.service, rollout: rollout.id, outcome, reason }, 'repair ended')
}

function watchService(
  { fleet, router, logger }: UpkeepParts,
  service: string,
  ring: () => void,
): Unsubscribe {
  const ends = [
    quietly(logger, () =>
      fleet.watch?.(service, ({ instance, exitCode, signal }) => {
        logger.warn({ service, instance, exitCode, signal }, 'instance ended by itself')
        ring()
      }),
    ),
    quietly(logger, () =>
      router.watch?.(service, (drift) => {
        logger.info({ service, drift }, 'routes changed')
        ring()
      }),
    ),
  ]
  return () => ends.forEach((end) => end?.())
}

/** What cannot be watched is still looked at in turn. */
function quietly(logger: Logger, watch: () => Unsubscribe | undefined): Unsubscribe | undefined {
  try {
    return watch()
  } catch (error) {
    logger.warn({ reason: wordsOf(error) }, 'a service is not watched')
    return undefined
  }
}

interface Bell {
  ring(): void
  /** Until it rings, or for that long. */
  wait(ms: number): Promise<void>
}

/** A ring while nobody waits is heard by the next one who does. */
function createBell(signal: AbortSignal): Bell {
  let rung = false
  let hear: (() => void) | undefined
  return {
    ring() {
      rung = true
      hear?.()
    },
    wait: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => hear?.(), rung || signal.aborted ? 0 : ms)
        hear = () => {
          clearTimeout(timer)
          hear = undefined
          rung = false
          resolve()
        }
      }),
  }
}
