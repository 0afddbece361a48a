import type { Command } from './command.ts'
import { DEPLOY_COMMANDS } from './deploy-commands.ts'
import { LOOK_COMMANDS } from './look-commands.ts'
import { SETUP_COMMANDS } from './setup-commands.ts'

/** Every command there is, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  ...DEPLOY_COMMANDS,
  ...LOOK_COMMANDS,
  ...SETUP_COMMANDS,
]
