import { AGENT_ERROR_CODES, type AgentErrorCode } from './agent/agent-error-codes.ts'
import { COMMAND_ERROR_CODES, type CommandErrorCode } from './client/command-error-codes.ts'

/** The stable codes of the agent, its config and the commands. */
export type CliErrorCode = AgentErrorCode | CommandErrorCode

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<
  Record<CliErrorCode, { readonly what: string; readonly why: string; readonly next: string }>
> = { ...AGENT_ERROR_CODES, ...COMMAND_ERROR_CODES }
