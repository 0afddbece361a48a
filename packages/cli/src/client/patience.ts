import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, commandError, wordsOf } from './command-error.ts'
import { EXIT } from './exit-code.ts'

export interface PatienceOptions {
  readonly signal: AbortSignal
  /** Where the agent is, for messages. */
  readonly where: string
  /** How long a lost agent is looked for, in milliseconds. @default 60_000 */
  readonly patienceMs?: number
  /** Told when the agent is lost, and when it is there again. */
  readonly onState?: (state: 'lost' | 'back') => void
}

/** Looks for an agent that was there and is gone: it may just be started again. */
export interface Patience {
  /** It answers. */
  there(): void
  /** It has said something: the next pause is a short one again. */
  heard(): void
  /** Waits before the next try. @throws CommandError `CHANGEOVER_AGENT_LOST` where it has been away for too long */
  missed(problem: unknown): Promise<void>
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000

export function createPatience(options: PatienceOptions): Patience {
  const { signal, where, patienceMs = 60_000, onState } = options
  let lostAt: number | undefined
  let pauseMs = FIRST_PAUSE_MS
  return {
    there() {
      if (lostAt !== undefined) onState?.('back')
      lostAt = undefined
    },
    heard() {
      pauseMs = FIRST_PAUSE_MS
    },
    async missed(problem) {
      if (lostAt === undefined) onState?.('lost')
      lostAt ??= Date.now()
      const missing = Date.now() - lostAt
      const seconds = Math.round(missing / 1_000)
      if (missing > patienceMs)
        throw commandError('CHANGEOVER_AGENT_LOST', { where, seconds, problem: wordsOf(problem) })
      await sleep(pauseMs, undefined, { signal })
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    },
  }
}

/** Asks until the agent, which was there a moment ago, answers. @throws as `ask` does for any other reason */
export async function patiently<T>(options: PatienceOptions, ask: () => Promise<T>): Promise<T> {
  const patience = createPatience(options)
  for (;;) {
    try {
      const answer = await ask()
      patience.there()
      return answer
    } catch (error) {
      options.signal.throwIfAborted()
      if (!isAway(error)) throw error
      await patience.missed(error)
    }
  }
}

/** Whether nobody answered, or an agent that is just starting or ending. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof CommandError)) return false
  return error.exitCode === EXIT.unreachable || isPassing(error.code)
}

/** A refusal stays one; an agent that is starting, or not there yet, may come back. */
export function isFinal(error: unknown): boolean {
  return error instanceof CommandError && error.exitCode === EXIT.refused && !isPassing(error.code)
}

function isPassing(code: string): boolean {
  return /_(?:CLOSED|CLOSING|STANDBY|BUSY|STARTING)$/.test(code)
}
