/** The stable codes of what the commands themselves refuse; those of the agent come through unchanged. */
export type CommandErrorCode =
  | 'CHANGEOVER_AGENT_UNREACHABLE'
  | 'CHANGEOVER_AGENT_SILENT'
  | 'CHANGEOVER_AGENT_LOST'
  | 'CHANGEOVER_ANSWER_UNREADABLE'
  | 'CHANGEOVER_ENDPOINT_INVALID'
  | 'CHANGEOVER_TOKEN_UNPROTECTED'
  | 'CHANGEOVER_USAGE'
  | 'CHANGEOVER_FILE_UNREADABLE'
  | 'CHANGEOVER_FILE_EXISTS'
  | 'CHANGEOVER_CONFIRMATION_MISSING'
  | 'CHANGEOVER_NOTHING_UNDER_WAY'
  | 'CHANGEOVER_NO_OPEN_GATE'
  | 'CHANGEOVER_CODE_UNKNOWN'

interface ErrorTemplate {
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const COMMAND_ERROR_CODES: Readonly<Record<CommandErrorCode, ErrorTemplate>> = {
  CHANGEOVER_AGENT_UNREACHABLE: {
    what: 'No agent answers at {where} ({problem}).',
    why: 'Commands do nothing themselves: the agent carries them out.',
    next: '{remedy}',
  },
  CHANGEOVER_AGENT_SILENT: {
    what: 'The agent at {where} did not answer "{call}" within {timeoutMs} ms.',
    why: 'Whether it did what was asked is not known.',
    next: 'Look with "changeover status", and ask again; --timeout waits longer.',
  },
  CHANGEOVER_AGENT_LOST: {
    what: 'The agent at {where} is gone since {seconds} s ({problem}).',
    why: 'What happens meanwhile cannot be seen; the rollout goes on as soon as an agent leads it.',
    next: 'Start the agent, then follow with "changeover status --watch".',
  },
  CHANGEOVER_ANSWER_UNREADABLE: {
    what: 'What {where} answered to "{call}" cannot be read ({problem}).',
    why: 'Something other than an agent may listen there, or one of another version.',
    next: 'Compare the versions of both sides: "changeover --version" and "changeover reload".',
  },
  CHANGEOVER_ENDPOINT_INVALID: {
    what: '{field} was refused: {problem} (got {value}).',
    why: 'A command that goes to the wrong place changes the wrong service.',
    next: 'Give an address such as https://deploys.example.com or http://127.0.0.1:4400, or nothing for the agent of this machine.',
  },
  CHANGEOVER_TOKEN_UNPROTECTED: {
    what: 'The token was not sent to {where}: without TLS everyone on the way can read it.',
    why: 'Whoever has the token may deploy.',
    next: 'Use https, with --ca for a certificate of your own, or a tunnel to the loopback address.',
  },
  CHANGEOVER_USAGE: {
    what: '{problem}.',
    why: 'A misread command does something else than what was meant.',
    next: 'Nothing was asked of the agent. See "changeover {command} --help".',
  },
  CHANGEOVER_FILE_UNREADABLE: {
    what: '{file} cannot be read ({problem}).',
    why: 'Going on without it would do something else than what was asked.',
    next: 'Nothing was done. Mend {field}.',
  },
  CHANGEOVER_FILE_EXISTS: {
    what: '{file} is there already.',
    why: 'What somebody wrote is never overwritten.',
    next: 'Nothing was written. Move it away, or give another place with --config.',
  },
  CHANGEOVER_CONFIRMATION_MISSING: {
    what: '"{command}" was not carried out: nobody could be asked.',
    why: 'There is no terminal, and it changes what users are served by.',
    next: 'Read what it would do above, and give --yes.',
  },
  CHANGEOVER_NOTHING_UNDER_WAY: {
    what: 'No rollout of "{service}" is under way.',
    why: 'There is nothing that "{command}" could act on.',
    next: 'See "changeover history {service}" for those that ended, or name a rollout.',
  },
  CHANGEOVER_NO_OPEN_GATE: {
    what: 'Rollout {rollout} does not wait for anybody ({state}).',
    why: 'An approval or a refusal given in advance was given to something that nobody has seen yet.',
    next: 'Follow it with "changeover status {service} --watch", and answer when it asks.',
  },
  CHANGEOVER_CODE_UNKNOWN: {
    what: 'There is no error code {code}.',
    why: 'A code that nearly fits may mean something else.',
    next: '{remedy}',
  },
}
