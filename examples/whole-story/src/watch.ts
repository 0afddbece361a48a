import { setTimeout as sleep } from 'node:timers/promises'
import { paths, type RolloutView, type ServiceView } from '@changeover/console/api'
import { SERVICE } from './shop-config.ts'

const LOOK_EVERY_MS = 100

/** Looks at the shop by the API that the page uses. */
export interface Watch {
  service(): Promise<ServiceView>
  /** Waits until a rollout is under way of which `holds` is true. */
  until(holds: (rollout: RolloutView) => boolean): Promise<void>
}

export function watchShop(url: string, token: string, signal: AbortSignal): Watch {
  const headers = { authorization: `Bearer ${token}` }
  const get = async <View>(path: string): Promise<View> => {
    const response = await fetch(new URL(path, url), { headers, signal })
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the API's own types
    return (await response.json()) as View
  }
  const service = (): Promise<ServiceView> => get(paths.service(SERVICE))
  return {
    service,
    async until(holds) {
      for (;;) {
        const { rollout } = await service()
        if (rollout && holds(await get(paths.rollout(rollout.id)))) return
        await sleep(LOOK_EVERY_MS, undefined, { signal })
      }
    },
  }
}
