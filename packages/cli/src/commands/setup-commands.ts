import type { Command } from './command.ts'

/** Commands of the machine: the agent, its tokens, its config, and what CI runs without one. */
export const SETUP_COMMANDS: readonly Command[] = [
  {
    name: 'agent',
    summary: 'Keep the services of a config running, and carry out rollouts',
    options: [
      {
        flags: '-c, --config <file>',
        help: 'the config (default: changeover.config.ts, .mjs or .json here)',
      },
      { flags: '--directory <path>', help: 'where the agent keeps everything' },
    ],
    kinds: [],
    load: async () => (await import('./agent.ts')).runAgentCommand,
  },
  {
    name: 'reload',
    summary: 'Have the agent read its config anew',
    asks: true,
    kinds: ['agent'],
    load: async () => (await import('./agent-commands.ts')).runReload,
  },
  {
    name: 'init',
    summary: 'Write a commented config; never over one that is there',
    options: [
      { flags: '-c, --config <file>', help: 'where (default: changeover.config.mjs here)' },
      { flags: '--systemd', help: 'print the unit for systemd instead' },
    ],
    kinds: ['init'],
    examples: [
      'changeover init',
      'changeover init --systemd | sudo tee /etc/systemd/system/changeover.service',
    ],
    load: async () => (await import('./init.ts')).runInit,
  },
  {
    name: 'token create',
    summary: "Make a token, on the agent's machine; it is shown once",
    arguments: [{ name: 'NAME', help: 'whose it is; journals name it' }],
    options: [
      {
        flags: '--role <role>',
        help: 'viewer, approver or operator (default: viewer)',
        completes: 'roles',
      },
      { flags: '--days <count>', help: 'how long it is good for (default: until it is revoked)' },
      { flags: '--directory <path>', help: "the agent's directory" },
    ],
    kinds: ['token'],
    load: async () => (await import('./token.ts')).runTokenCreate,
  },
  {
    name: 'token list',
    summary: 'List who has a token',
    options: [{ flags: '--directory <path>', help: "the agent's directory" }],
    kinds: ['tokens'],
    load: async () => (await import('./token.ts')).runTokenList,
  },
  {
    name: 'token revoke',
    summary: 'Take a token back, and end the sessions of it',
    arguments: [{ name: 'NAME', help: 'whose it is' }],
    options: [{ flags: '--directory <path>', help: "the agent's directory" }],
    kinds: ['token'],
    load: async () => (await import('./token.ts')).runTokenRevoke,
  },
  {
    name: 'migrations check',
    summary: 'Judge schema changes by what they do to those who run; needs no agent',
    arguments: [
      {
        name: 'FILES',
        help: 'files of SQL, or folders of a migration tool (default: migrations)',
        required: false,
        variadic: true,
        completes: 'files',
      },
    ],
    options: [
      {
        flags: '--dialect <name>',
        help: 'postgres, mysql, mariadb or sqlite (default: postgres)',
        completes: 'dialects',
      },
      {
        flags: '--server-version <version>',
        help: 'of what is deployed to (default: 15 for PostgreSQL)',
      },
      {
        flags: '--schema <file>',
        help: 'the schema of before, of pg_dump --schema-only',
        completes: 'files',
      },
      {
        flags: '--contract <file>',
        help: 'recorded queries of a release that may run meanwhile',
        repeats: true,
        completes: 'files',
      },
      {
        flags: '--live <release>',
        help: 'a release that may run meanwhile, of unknown needs',
        repeats: true,
      },
      {
        flags: '--release <version>',
        help: 'what is being deployed, for exceptions that end with a version',
      },
      { flags: '--transactions <mode>', help: 'what the runner puts into one: each, all or none' },
      {
        flags: '--format <name>',
        help: 'text, json, sarif or github (default: text)',
        completes: 'formats',
      },
    ],
    kinds: ['migrations'],
    examples: [
      'changeover migrations check db/migrations --contract schema-contract.json --format github',
    ],
    load: async () => (await import('./migrations-check.ts')).runMigrationsCheck,
  },
  {
    name: 'completion',
    summary: 'Print the completion script of a shell',
    arguments: [{ name: 'SHELL', help: 'bash, zsh or fish', completes: 'shells' }],
    kinds: [],
    examples: ['source <(changeover completion bash)'],
    load: async () => (await import('./completion.ts')).runCompletion,
  },
  {
    name: 'complete',
    summary: 'What a completion script offers, a line each',
    arguments: [
      { name: 'WORDS', help: 'the command line so far', required: false, variadic: true },
    ],
    asks: true,
    kinds: [],
    hidden: true,
    load: async () => (await import('./complete.ts')).runComplete,
  },
]
