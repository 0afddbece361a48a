import type { EngineSettings } from './engine-options.ts'
import { refuse } from './changeover-error.ts'
import type { Command } from './command.ts'
import type { Led } from './lead.ts'
import type { Rollout } from './rollout.ts'
import { obey, rolloutHandle } from './rollout-handle.ts'
import type { Superseded } from './supersede.ts'

/** The rollouts that one engine leads. */
export interface Leading {
  /** To be called in the turn in which it is led. */
  follow(led: Led): Rollout
  get(rollout: string): Rollout | undefined
  /** The rollout of a service. */
  of(service: string): Superseded | undefined
  /** Ends every run at a safe point and waits for it. */
  letGo(): Promise<void>
}

export function createLeading({ leadership: { store }, newId }: EngineSettings): Leading {
  const all = new Map<string, Led>()
  const handle = (led: Led): Rollout => rolloutHandle(led, store, newId)
  let stopReceiving: (() => void) | undefined

  /** Commands that were given to other engines. */
  async function receive(rollout: string, command: Command): Promise<boolean> {
    const led = all.get(rollout)
    if (!led || led.interrupted.aborted) return false
    await obey(handle(led), command)
    return true
  }

  /** An engine that leads nothing listens to nobody. */
  function forget(rollout: string): void {
    all.delete(rollout)
    if (all.size > 0) return
    stopReceiving?.()
    stopReceiving = undefined
  }

  return {
    follow(led) {
      const { id } = led.state
      all.set(id, led)
      stopReceiving ??= store.receive?.(receive)
      void led.finished.then(() => forget(id))
      return handle(led)
    },
    get(rollout) {
      const led = all.get(rollout)
      return led && handle(led)
    },
    of(service) {
      const led = [...all.values()].find(({ state }) => state.plan.service === service)
      return led && { rollout: handle(led), state: led.state }
    },
    async letGo() {
      for (const led of all.values()) {
        led.interrupt(refuse('CHANGEOVER_ENGINE_CLOSED', { call: `rollout ${led.state.id}` }))
      }
      await Promise.all([...all.values()].map(({ finished }) => finished))
    },
  }
}
