import { setTimeout as sleep } from 'node:timers/promises'
import { TOKEN_VARIABLE } from './instance-environment.ts'
import {
  isRunning,
  killGroup,
  leadsGroup,
  type ProcessIdentity,
  signalProcess,
} from './process-identity.ts'
import { processesHolding, processesWith } from './process-search.ts'

// No event tells of the end of a process that is not a child of ours.
const LOOK_EVERY_MS = 50
const KILL_ROUNDS = 40

/** Which processes to end, however they were started. */
export interface Orphans {
  /** Those that were seen to start. */
  readonly known: readonly ProcessIdentity[]
  /** All that carry one of these tokens. */
  readonly tokens: readonly string[]
  /** All that have one of these files open. */
  readonly logs: readonly string[]
}

/**
 * Ends processes whose owner is gone, with everything that they started: `signal` first, SIGKILL after `graceMs`.
 * Resolves when none is left, or when SIGKILL had no effect for two seconds.
 */
export async function stopOrphans(
  orphans: Orphans,
  { signal, graceMs }: { readonly signal: NodeJS.Signals; readonly graceMs: number },
): Promise<void> {
  const leaders = survivors(orphans).filter(leadsGroup)
  for (const leader of leaders) signalProcess(leader, signal)
  await gone(leaders, graceMs)
  await sweep(orphans)
}

async function gone(processes: readonly ProcessIdentity[], withinMs: number): Promise<void> {
  const until = performance.now() + withinMs
  while (processes.some(isRunning) && performance.now() < until) await sleep(LOOK_EVERY_MS)
}

async function sweep(orphans: Orphans): Promise<void> {
  orphans.known.forEach(killGroup)
  for (let round = 0; round < KILL_ROUNDS; round++) {
    const left = survivors(orphans)
    if (left.length === 0) return
    left.forEach((process) => signalProcess(process, 'SIGKILL'))
    await sleep(LOOK_EVERY_MS)
  }
}

/**
 * A child that was forked but has not yet become its command still has the owner's environment, without the token; it
 * already holds its log. Logs are looked at first: what becomes its command meanwhile is found by the token then.
 */
function survivors({ known, tokens, logs }: Orphans): readonly ProcessIdentity[] {
  const found = [...processesHolding(logs), ...processesWith(TOKEN_VARIABLE, tokens)]
  const byPid = new Map([...known.filter(isRunning), ...found].map((one) => [one.pid, one]))
  return [...byPid.values()]
}
