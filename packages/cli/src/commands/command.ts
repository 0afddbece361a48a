import type { ExitCode } from '../client/exit-code.ts'
import type { CommandSpec } from './command-spec.ts'
import type { Shell } from './shell.ts'

/** A command with what carries it out. */
export interface Command extends CommandSpec {
  /** Each command brings in only what it needs. */
  readonly load: () => Promise<(shell: Shell) => Promise<ExitCode>>
}
