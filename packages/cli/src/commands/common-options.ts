import type { CommandSpec, OptionSpec } from './command-spec.ts'

/** Which agent to ask; every command that asks one takes them. */
export const CONNECTION_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--directory <path>',
    help: 'directory of the agent on this machine (CHANGEOVER_DIRECTORY)',
  },
  { flags: '--url <address>', help: 'address of an agent elsewhere (CHANGEOVER_URL)' },
  {
    flags: '--token-file <file>',
    help: 'file that holds the token for it (or CHANGEOVER_TOKEN; never an argument, which others could see)',
    completes: 'files',
  },
  {
    flags: '--ca <file>',
    help: 'certificate of the authority that signed its certificate',
    completes: 'files',
  },
  { flags: '--timeout <seconds>', help: 'how long to wait for an answer (default: 30)' },
]

/** Of every command that prints a document. */
export const JSON_OPTION: OptionSpec = {
  flags: '--json',
  help: 'print JSON documents with "schema": "changeover/v1" and a "kind"',
}

/** All options of a command, those of all commands included. */
export function optionsFor({
  options = [],
  asks = false,
  kinds,
}: CommandSpec): readonly OptionSpec[] {
  return [
    ...options,
    ...(asks ? CONNECTION_OPTIONS : []),
    ...(kinds.length > 0 ? [JSON_OPTION] : []),
  ]
}
