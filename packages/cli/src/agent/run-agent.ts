import { once } from 'node:events'
import { type Agent, type AgentOptions, startAgent } from './agent.ts'

/** Options of {@link runAgent}. */
export interface RunAgentOptions extends AgentOptions {
  /** Aborting it ends the agent as SIGTERM does. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs an agent until SIGTERM, SIGINT or `signal`; SIGHUP reloads its config. Services stay up when it ends.
 *
 * @throws ChangeoverError as {@link startAgent}
 * @example
 * ```ts
 * await runAgent({ directory: '.changeover' })
 * ```
 */
export async function runAgent({ signal, ...options }: RunAgentOptions): Promise<void> {
  const over = new AbortController()
  const end = (): void => over.abort()
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  signal?.addEventListener('abort', end, { once: true })
  let agent: Agent | undefined
  // From the start on, since unheard it would end the process. Refusals are logged, and told by status.
  const reload = (): void => void agent?.reload().catch(() => undefined)
  process.on('SIGHUP', reload)
  try {
    agent = await startAgent(options)
    if (!over.signal.aborted && !signal?.aborted) await once(over.signal, 'abort')
    await agent.close()
  } finally {
    process.off('SIGHUP', reload)
    process.off('SIGTERM', end)
    process.off('SIGINT', end)
    signal?.removeEventListener('abort', end)
  }
}
