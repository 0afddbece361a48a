import type { ServerResponse } from 'node:http'

/** Looks again and again whether those who watch still may: streams outlive what let them in. */
export interface DoorKeeper {
  /** Cuts the answer once `mayStay` says no. */
  watch(response: ServerResponse, mayStay: () => boolean): void
}

/** Time between two looks, in milliseconds. */
const LOOK_MS = 2_000

/** One timer for all, which runs while there is somebody to look at. */
export function createDoorKeeper(): DoorKeeper {
  const inside = new Map<ServerResponse, () => boolean>()
  let looking: NodeJS.Timeout | undefined
  const look = (): void => {
    for (const [response, mayStay] of inside) if (!mayStay()) response.destroy()
  }
  return {
    watch(response, mayStay) {
      if (response.destroyed) return
      looking ??= setInterval(look, LOOK_MS)
      inside.set(response, mayStay)
      response.once('close', () => {
        inside.delete(response)
        if (inside.size > 0) return
        clearInterval(looking)
        looking = undefined
      })
    },
  }
}
