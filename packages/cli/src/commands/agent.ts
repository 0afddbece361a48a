import { EXIT, type ExitCode } from '../client/exit-code.ts'
import type { Shell } from './shell.ts'

/** Runs the agent until SIGTERM or Ctrl-C. The services stay up: the next agent takes them over. */
export async function runAgentCommand(shell: Shell): Promise<ExitCode> {
  const { runAgent } = await import('../agent/run-agent.ts')
  const { options, directory, signal } = shell
  const config = options.text('config')
  await runAgent({ directory, signal, ...(config === undefined ? {} : { config }) })
  return EXIT.ok
}
