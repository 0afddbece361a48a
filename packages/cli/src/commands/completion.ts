import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { commandError } from '../client/command-error.ts'
import { COMPLETION_SCRIPTS } from './completion-scripts.ts'
import type { Shell } from './shell.ts'

/** Prints the script of a shell; it asks the program itself what fits while somebody types. */
export async function runCompletion({ options, terminal, command }: Shell): Promise<ExitCode> {
  const name = options.argument(0)
  if (name !== 'bash' && name !== 'zsh' && name !== 'fish')
    throw commandError('CHANGEOVER_USAGE', {
      problem: `There is a completion script for bash, zsh and fish, not for ${JSON.stringify(name)}`,
      command,
    })
  terminal.write(COMPLETION_SCRIPTS[name])
  return EXIT.ok
}
