import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type JudgeLook, LOOK_CHANNEL } from '@changeover/engine'
import { type LiveOptions, type LiveRollout, openLiveRollout } from './live-rollout.ts'

/** The rollouts that are watched now, each read once however many watch it. */
export interface LiveRollouts {
  /** The rollout, until `leave`. */
  use(id: string): { readonly live: LiveRollout; readonly leave: () => void }
}

interface InUse {
  readonly live: LiveRollout
  users: number
}

export function createLiveRollouts(options: Omit<LiveOptions, 'onFailure'>): LiveRollouts {
  const inUse = new Map<string, InUse>()

  const onLook = (look: unknown): void => {
    if (isLook(look)) inUse.get(look.rollout)?.live.look(look)
  }

  /** Nobody new joins it; those who watch it leave by themselves. */
  function forget(id: string, rollout: InUse): void {
    if (inUse.get(id) !== rollout) return
    inUse.delete(id)
    if (inUse.size === 0) unsubscribe(LOOK_CHANNEL, onLook)
  }

  function open(id: string): InUse {
    if (inUse.size === 0) subscribe(LOOK_CHANNEL, onLook)
    const live = openLiveRollout(id, { ...options, onFailure: () => forget(id, opened) })
    const opened: InUse = { live, users: 0 }
    inUse.set(id, opened)
    return opened
  }

  return {
    use(id) {
      const rollout = inUse.get(id) ?? open(id)
      rollout.users += 1
      return {
        live: rollout.live,
        leave() {
          rollout.users -= 1
          if (rollout.users > 0) return
          rollout.live.close()
          forget(id, rollout)
        },
      }
    },
  }
}

function isLook(message: unknown): message is JudgeLook {
  return typeof message === 'object' && message !== null && 'gate' in message
}
