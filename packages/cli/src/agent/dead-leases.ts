import type { Entry, Store } from '@changeover/engine'

/**
 * Gives back the leases of agents that ran in this one's directory before: its lock proves that they are gone, so nobody needs to
 * wait until their leases lapse. The next grant has a fence above theirs all the same.
 *
 * @param station begins the names of all agents of the directory
 */
export async function releaseDeadLeases(
  store: Store,
  station: string,
  mine: string,
): Promise<void> {
  for (const { id, service } of await store.rollouts({ open: true })) {
    const led = await lastLed(store, id)
    if (led === undefined || led.holder === mine || !led.holder.startsWith(station)) continue
    await store.release({ service, holder: led.holder, fence: led.fence, expiresAt: 0 })
  }
}

async function lastLed(
  store: Store,
  rollout: string,
): Promise<Extract<Entry, { readonly type: 'led' }> | undefined> {
  let last: Extract<Entry, { readonly type: 'led' }> | undefined
  for await (const entry of store.read(rollout)) if (entry.type === 'led') last = entry
  return last
}
