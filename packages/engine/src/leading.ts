import type { EngineSettings } from './engine-options.ts'
import { refuse } from './changeover-error.ts'
import type { Led } from './lead.ts'
import type { Rollout } from './rollout.ts'
import { rolloutHandle } from './rollout-handle.ts'
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
  return {
    follow(led) {
      all.set(led.state.id, led)
      void led.finished.then(() => all.delete(led.state.id))
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
