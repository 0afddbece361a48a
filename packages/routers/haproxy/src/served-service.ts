import type { Receipt, RouteTable, Unsubscribe } from '@changeover/engine'
import { acceptRouteTable } from '@changeover/engine'
import { applyTable } from './apply-table.ts'
import { bakeLive } from './baked-file.ts'
import type { RouterCapabilities } from '@changeover/engine'
import { readLive, type ServiceSite } from './service-site.ts'
import type { Unanswered } from './traffic.ts'
import { lookAt, type Memory, NO_MEMORY } from './watch-routes.ts'

/** One service of an adapter: its turns, and what is remembered of it. */
export interface ServedService {
  readonly site: ServiceSite
  readonly unanswered: Unanswered
  /** Runs one after another what writes to HAProxy. */
  readonly turns: <T>(work: () => Promise<T>) => Promise<T>
  apply(table: RouteTable, signal: AbortSignal | undefined): Promise<Receipt>
  watch(listener: (drift: readonly string[]) => void): Unsubscribe
  /** Looks for a restart and for changes by others, and puts back what HAProxy forgot. Does not throw. */
  look(signal: AbortSignal): Promise<void>
}

/** Serves one service. */
export function servedService(site: ServiceSite, capabilities: RouterCapabilities): ServedService {
  const { service, logger } = site
  const listeners = new Set<(drift: readonly string[]) => void>()
  const turns = inTurn()
  let memory: Memory = NO_MEMORY

  async function apply(table: RouteTable, signal: AbortSignal | undefined): Promise<Receipt> {
    const accepted = acceptRouteTable(table, capabilities)
    const { revision, fence } = accepted
    const result = await turns(() => applyTable(site, accepted, signal))
    if (result.outcome === 'applied') memory = { ...memory, table: accepted }
    const level = result.outcome === 'applied' ? 'info' : 'warn'
    logger[level]({ service: service.name, revision, fence, ...result }, 'route table')
    return { service: service.name, revision, ...result }
  }

  async function lookOnce(signal: AbortSignal): Promise<void> {
    const live = await readLive(site, signal)
    const { drift, reassert, ...found } = lookAt(memory, live, service)
    memory = found.memory
    if (drift.length > 0) {
      logger.warn({ service: service.name, drift }, 'routes changed by others')
      for (const listener of listeners) listener(drift)
    }
    if (reassert) await applyTable(site, reassert, signal)
    // Another adapter's file is its own: only who applied the table in force writes.
    else if (memory.table && drift.length === 0) await bakeLive(site, live)
  }

  return {
    site,
    unanswered: new Map(),
    turns,
    apply,
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    look: (signal) =>
      turns(async () => {
        try {
          await lookOnce(signal)
        } catch (error) {
          if (!signal.aborted) logger.warn({ service: service.name, error }, 'look at HAProxy')
        }
      }),
  }
}

function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    last = next.catch(() => undefined)
    return next
  }
}
