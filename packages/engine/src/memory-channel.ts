import type { Clock } from './clock.ts'
import type { Command } from './command.ts'
import type { Entry } from './journal.ts'
import { memoryCommand, type MemoryCommand } from './memory-command.ts'
import type { Unsubscribe, WaitOptions } from './router.ts'
import type { StoreChange } from './store.ts'

type Handle = (rollout: string, command: Command) => Promise<boolean>

/** What engines of one process tell each other through a store in memory. */
export interface MemoryChannel {
  watch(listener: (change: StoreChange) => void): Unsubscribe
  send(rollout: string, command: Command, options: WaitOptions): Promise<void>
  receive(handle: Handle): Unsubscribe
  /** To be called with what was appended. */
  readonly appended: (service: string | undefined, entries: readonly Entry[]) => void
}

export function memoryChannel(clock: Clock): MemoryChannel {
  const listeners = new Set<(change: StoreChange) => void>()
  const handles = new Set<Handle>()
  const waiting = new Set<MemoryCommand>()
  /** Answers by rollout and id of the command. */
  const sent = new Map<string, Map<string, Promise<void>>>()

  const offerAll = (): void => {
    for (const one of waiting) one.offer([...handles])
  }
  const put = async (rollout: string, command: Command, options: WaitOptions): Promise<void> => {
    const one = memoryCommand(clock, { rollout, command, options })
    waiting.add(one)
    one.offer([...handles])
    await one.answered.finally(() => waiting.delete(one))
  }
  return {
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    send(rollout, command, options) {
      const answers = sent.get(rollout) ?? new Map<string, Promise<void>>()
      sent.set(rollout, answers)
      const answer = answers.get(command.id) ?? put(rollout, command, options)
      answers.set(command.id, answer)
      return answer
    },
    receive(handle) {
      handles.add(handle)
      offerAll()
      return () => handles.delete(handle)
    },
    appended(service, entries) {
      const last = entries.at(-1)
      if (!last || service === undefined) return
      const { rollout, seq } = last
      for (const listener of listeners) listener({ rollout, service, seq })
      if (last.type === 'finished') sent.delete(rollout)
      if (entries.some(({ type }) => type === 'led')) offerAll()
    },
  }
}
