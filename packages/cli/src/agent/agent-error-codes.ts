/** The stable codes of the agent and of its config. */
export type AgentErrorCode =
  | 'CHANGEOVER_AGENT_DIRECTORY_INVALID'
  | 'CHANGEOVER_AGENT_LISTEN_FAILED'
  | 'CHANGEOVER_AGENT_LOGS_UNAVAILABLE'
  | 'CHANGEOVER_AGENT_RESTART_NEEDED'
  | 'CHANGEOVER_AGENT_RUNNING'
  | 'CHANGEOVER_AGENT_SERVICE_UNKNOWN'
  | 'CHANGEOVER_AGENT_SET_INVALID'
  | 'CHANGEOVER_AGENT_VARIABLE_MISSING'
  | 'CHANGEOVER_CONFIG_AMBIGUOUS'
  | 'CHANGEOVER_CONFIG_INVALID'
  | 'CHANGEOVER_CONFIG_MISSING'
  | 'CHANGEOVER_CONFIG_UNREADABLE'

interface ErrorTemplate {
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const AGENT_ERROR_CODES: Readonly<Record<AgentErrorCode, ErrorTemplate>> = {
  CHANGEOVER_AGENT_DIRECTORY_INVALID: {
    what: 'The agent\'s directory "{directory}" was refused: {problem}.',
    why: 'Journals, tokens and the socket that lets everything be done are in it.',
    next: 'Make room or mend the disk, or name a directory of your own on a local disk with --directory, mode 0700.',
  },
  CHANGEOVER_AGENT_LISTEN_FAILED: {
    what: 'The agent could not listen on {where}: {problem}.',
    why: 'Nobody could reach the console there.',
    next: 'Mend http in the config, or end what listens there; services go on as they are.',
  },
  CHANGEOVER_AGENT_LOGS_UNAVAILABLE: {
    what: 'There are no logs of instance "{instance}" of "{service}": {problem}.',
    why: 'An empty answer would look like an instance that printed nothing.',
    next: 'Look where that instance writes its output.',
  },
  CHANGEOVER_AGENT_RESTART_NEEDED: {
    what: 'The new config was refused: it changes {changed}.',
    why: 'While the agent runs, that would cut requests or lead rollouts by two configs at once.',
    next: 'The config before stays in force. Restart the agent (services stay up meanwhile), or take the change back.',
  },
  CHANGEOVER_AGENT_RUNNING: {
    what: 'The agent was not started: process {pid} on {host} is the agent of "{directory}" and is alive.',
    why: 'Two agents would stop and replace the same instances.',
    next: 'Use that one, end it first, or give this one a directory of its own.',
  },
  CHANGEOVER_AGENT_SERVICE_UNKNOWN: {
    what: 'There is no service "{service}" in the config.',
    why: 'What is to be started for it is not known.',
    next: 'Use one of {known}, or add it to {file} and reload.',
  },
  CHANGEOVER_AGENT_SET_INVALID: {
    what: '"{name}" was refused for "{service}": {problem}.',
    why: 'A command with a gap, or without what was meant for it, starts something else than was asked for.',
    next: '{remedy}',
  },
  CHANGEOVER_AGENT_VARIABLE_MISSING: {
    what: 'The environment variable {variable} is not set; {field} in the config names it.',
    why: 'Without the secret in it, what needs it cannot work.',
    next: "Set it in the agent's environment (with systemd: EnvironmentFile=), then start or reload.",
  },
  CHANGEOVER_CONFIG_AMBIGUOUS: {
    what: 'There are two configs: {one} and {other}.',
    why: 'The agent would follow one of them, and somebody would edit the other.',
    next: 'Remove one, or name the right one with --config.',
  },
  CHANGEOVER_CONFIG_INVALID: {
    what: 'The config {file} was refused:\n{lines}\n',
    why: 'What is misread in it would be deployed.',
    next: 'Nothing was changed. Mend it and try again.',
  },
  CHANGEOVER_CONFIG_MISSING: {
    what: 'There is no config; looked for {tried}.',
    why: 'Without one, no service is known.',
    next: '"changeover init" writes one; --config names one elsewhere.',
  },
  CHANGEOVER_CONFIG_UNREADABLE: {
    what: 'The config cannot be read: {file}:{line}:{column}: {problem}.',
    why: 'What it says is not known.',
    next: 'Nothing was changed. Mend it and try again.',
  },
}
