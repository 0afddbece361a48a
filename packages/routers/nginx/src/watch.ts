import type { ObservedRoutes, Unsubscribe } from '@changeover/engine'
import { keyOf } from './conf-look.ts'
import { masterOf } from './processes.ts'

/** What is watched. */
export interface WatchRequest {
  readonly everyMs: number
  readonly pidFile: string
  readonly observe: () => Promise<ObservedRoutes>
  readonly listener: (drift: readonly string[]) => void
}

/** Looks at the routes now and then, and tells once of each change that nobody asked this adapter for. */
export function watchRoutes({ everyMs, pidFile, observe, listener }: WatchRequest): Unsubscribe {
  let told = ''
  let master = masterKey(pidFile)
  let over = false
  let looking = false
  const look = async (): Promise<void> => {
    if (looking) return
    looking = true
    const drift = await driftOf(observe)
    const now = masterKey(pidFile)
    const restarted = now !== undefined && master !== undefined && now !== master
    master = now ?? master
    const news = [...(restarted ? ['nginx was restarted'] : []), ...drift]
    const text = drift.join('; ')
    if (!over && (restarted || (text !== told && text !== ''))) listener(news)
    told = text
    looking = false
  }
  const timer = setInterval(() => void look(), everyMs)
  return () => {
    over = true
    clearInterval(timer)
  }
}

async function driftOf(observe: () => Promise<ObservedRoutes>): Promise<readonly string[]> {
  try {
    return (await observe()).drift
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

function masterKey(pidFile: string): string | undefined {
  const master = masterOf(pidFile)
  return master && keyOf(master)
}
