import type { Store } from '@changeover/engine'

/**
 * A store as an engine sees it that dies when it is about to journal entry number `seq`: that append and every later
 * call fail, so that nothing more is written and not even the lease is given back.
 */
export function crashingStore(store: Store, seq: number): Store {
  let dead = false
  const alive = async <T>(call: () => Promise<T>): Promise<T> => {
    if (dead) throw new Error('the engine has crashed')
    return call()
  }
  return {
    ...store,
    append: (rollout, expectedSeq, entries) => {
      dead ||= expectedSeq + entries.length > seq
      return alive(() => store.append(rollout, expectedSeq, entries))
    },
    lease: (service, holder, ttlMs) => alive(() => store.lease(service, holder, ttlMs)),
    release: (lease) => alive(() => store.release(lease)),
  }
}
