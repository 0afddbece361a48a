import type { Command } from './command.ts'

/** Commands that look, and change nothing. */
export const LOOK_COMMANDS: readonly Command[] = [
  {
    name: 'status',
    summary: 'Show all services, or one with its rollout, instances and gates',
    arguments: [
      { name: 'SERVICE', help: 'name of the service', required: false, completes: 'services' },
    ],
    options: [
      { flags: '-w, --watch', help: 'go on showing it, until Ctrl-C' },
      { flags: '--exit-code', help: 'end with 8 where a service is not well' },
    ],
    asks: true,
    kinds: ['services', 'status', 'event'],
    examples: ['changeover status', 'changeover status shop --watch'],
    load: async () => (await import('./status.ts')).runStatus,
  },
  {
    name: 'history',
    summary: 'List the rollouts of a service; check their journals',
    arguments: [{ name: 'SERVICE', help: 'name of the service', completes: 'services' }],
    options: [
      {
        flags: '--verify',
        help: 'check every hash of every journal shown; 8 where one is damaged',
      },
      { flags: '--limit <count>', help: 'at most so many, the newest (default: 20)' },
    ],
    asks: true,
    kinds: ['history'],
    load: async () => (await import('./history.ts')).runHistory,
  },
  {
    name: 'logs',
    summary: 'Print the last lines of an instance',
    arguments: [
      { name: 'SERVICE', help: 'name of the service', completes: 'services' },
      { name: 'INSTANCE', help: 'id of the instance, as status shows it', completes: 'instances' },
    ],
    options: [{ flags: '-n, --lines <count>', help: 'how many, up to 10,000 (default: 200)' }],
    asks: true,
    kinds: ['logs'],
    load: async () => (await import('./logs.ts')).runLogs,
  },
  {
    name: 'audit',
    summary: 'List who asked for what, and what was refused',
    options: [
      { flags: '--verify', help: 'check every hash of the whole log; 8 where it is damaged' },
      { flags: '--limit <count>', help: 'at most so many, the newest (default: 50)' },
    ],
    asks: true,
    kinds: ['audit'],
    load: async () => (await import('./audit.ts')).runAudit,
  },
  {
    name: 'console',
    summary: 'Print where the web page is and how to sign in; opens nothing',
    asks: true,
    kinds: ['console'],
    load: async () => (await import('./agent-commands.ts')).runConsole,
  },
  {
    name: 'explain',
    summary: 'Say what an error code means and what to do next',
    arguments: [
      { name: 'CODE', help: 'such as CHANGEOVER_NOT_READY, or an exit code', completes: 'codes' },
    ],
    kinds: ['explain'],
    load: async () => (await import('./explain.ts')).runExplain,
  },
]
