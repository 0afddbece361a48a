import { refuse } from './changeover-error.ts'
import type { Clock } from './clock.ts'
import type { Command } from './command.ts'
import { onAbort } from './on-abort.ts'
import type { WaitOptions } from './router.ts'

type Handle = (rollout: string, command: Command) => Promise<boolean>

/** A command that waits for the engine that leads. */
export interface MemoryCommand {
  /** Settles with the answer of whoever takes it, or at its deadline. */
  readonly answered: Promise<void>
  /** Offers it, unless somebody has it already. */
  offer(handles: readonly Handle[]): void
}

export interface MemoryCommandRequest {
  readonly rollout: string
  readonly command: Command
  readonly options: WaitOptions
}

interface Settle {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export function memoryCommand(clock: Clock, request: MemoryCommandRequest): MemoryCommand {
  const { rollout, command, options } = request
  const { signal, deadline } = options
  const over = new AbortController()
  const withdrawn = new AbortController()
  let settle: Settle | undefined
  let taken = false
  const answered = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  /** Whoever has it answers first. */
  const withdraw = (error: unknown): void => {
    withdrawn.abort(error)
    if (!taken) settle?.reject(error)
  }
  const take = async (handles: readonly Handle[]): Promise<void> => {
    taken = true
    try {
      for (const handle of handles) {
        if (await handle(rollout, { ...command })) return settle?.resolve()
      }
      taken = false
      withdrawn.signal.throwIfAborted()
    } catch (error) {
      settle?.reject(error)
    }
  }
  if (signal?.aborted) withdraw(signal.reason)
  const forget = onAbort(signal, () => withdraw(signal?.reason))
  void clock.sleep(deadline, { signal: over.signal }).then(
    () => withdraw(late(request)),
    () => undefined,
  )
  return {
    answered: answered.finally(() => {
      forget()
      over.abort()
    }),
    offer(handles) {
      if (!taken && !withdrawn.signal.aborted) void take(handles)
    },
  }
}

function late({ rollout, command: { command } }: MemoryCommandRequest): Error {
  const problem = 'no engine that leads it took it in time'
  return refuse('CHANGEOVER_COMMAND_REFUSED', { rollout, command, problem })
}
