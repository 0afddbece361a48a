import type { Clock } from '@changeover/engine'
import type { InFlightCount } from './in-flight.ts'
import { type Pace, pace } from './pace.ts'
import { openTunnel, type Tunnel, type TunnelEnds } from './tunnel.ts'

/** What becomes of upgraded connections. */
export interface UpgradeSettings {
  /** Lower case; a request for any other is served without the upgrade. */
  readonly protocols: ReadonlySet<string>
  readonly drain: 'close' | 'wait'
  readonly graceMs: number
  readonly perSecond: number
  readonly idleMs: number
  readonly max: number
}

/** The upgraded connections of one service. */
export interface Upgrades {
  readonly settings: UpgradeSettings
  open(at: InFlightCount, ends: Pick<TunnelEnds, 'client' | 'instance' | 'protocol' | 'done'>): void
  /** Winds up those of instances without a route, a few at a time, as the policy says. */
  windUp(instances: readonly string[], options: WindUp): Winding
  /** Winds up all at once. */
  close(graceMs: number): void
}

/** How long it may take; aborting `signal` winds up no more of them. */
export interface WindUp {
  readonly clock: Clock
  readonly deadline: number
  readonly signal: AbortSignal
}

export interface Winding {
  /** Those that had to be cut so far. */
  readonly forced: number
}

/** No connection at first. */
export function upgradedConnections(settings: UpgradeSettings): Upgrades {
  const open = new Map<Tunnel, InFlightCount>()
  const arrivals = new Set<(at: InFlightCount, tunnel: Tunnel) => void>()

  const windUp = (instances: readonly string[], options: WindUp): Winding => {
    const winding = { forced: 0 }
    if (settings.drain === 'wait') return winding
    const named = new Set(instances)
    const leaves = (at: InFlightCount): boolean => named.has(at.instance) && !at.routed
    const graceMs = Math.min(settings.graceMs, options.deadline / 2)
    const wind = (at: InFlightCount, tunnel: Tunnel): void => {
      if (leaves(at)) tunnel.wind(graceMs, () => (winding.forced += 1))
    }
    arrivals.add(wind)
    options.signal.addEventListener('abort', () => arrivals.delete(wind), { once: true })
    const all = [...open].filter(([, at]) => leaves(at))
    const limits = { perSecond: settings.perSecond, withinMs: options.deadline - graceMs }
    void inTurn(all, pace(all.length, limits), options, ([tunnel, at]) => wind(at, tunnel))
    return winding
  }

  return {
    settings,
    open(at, { done, ...ends }) {
      const { idleMs, graceMs } = settings
      const tunnel = openTunnel({
        ...ends,
        idleMs,
        graceMs,
        done: () => {
          open.delete(tunnel)
          done()
        },
      })
      open.set(tunnel, at)
      for (const wind of arrivals) wind(at, tunnel)
    },
    windUp,
    close(graceMs) {
      for (const tunnel of open.keys())
        tunnel.wind(Math.min(graceMs, settings.graceMs), () => undefined)
    },
  }
}

async function inTurn<T>(
  all: readonly T[],
  { batch, gapMs }: Pace,
  { clock, signal }: WindUp,
  act: (one: T) => void,
): Promise<void> {
  for (let i = 0; i < all.length && !signal.aborted; i += batch) {
    for (const one of all.slice(i, i + batch)) act(one)
    if (i + batch < all.length) await clock.sleep(gapMs, { signal }).catch(() => undefined)
  }
}
