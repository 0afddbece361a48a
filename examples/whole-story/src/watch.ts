import { setTimeout as sleep } from 'node:timers/promises'
import { paths, type RolloutView, type ServiceView } from '@changeover/console/api'
import { SERVICE } from './shop-config.ts'

const LOOK_EVERY_MS = 100

/** Looks at the shop by the API that the page uses. */
export interface Watch {
  service(): Promise<ServiceView>
  /**
   * Waits until a rollout is under way of which `holds` is true.
   *
   * @throws Error where `command`, which gives its exit code, ends before that
   */
  until(holds: (rollout: RolloutView) => boolean, command: Promise<number>): Promise<void>
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
    async until(holds, command) {
      let ended: string | undefined
      const end = (how: unknown): void => void (ended = String(how))
      command.then(end, end)
      for (;;) {
        const { rollout } = await service()
        if (rollout && holds(await get(paths.rollout(rollout.id)))) return
        if (ended !== undefined) throw new Error(`the command ended too early: ${ended}`)
        await sleep(LOOK_EVERY_MS, undefined, { signal })
      }
    },
  }
}
