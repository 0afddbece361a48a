import type { ArgumentSpec, OptionSpec } from './command-spec.ts'
import type { Command } from './command.ts'

const SERVICE: ArgumentSpec = {
  name: 'SERVICE',
  help: 'name of the service',
  completes: 'services',
}
const VERSION: ArgumentSpec = {
  name: 'VERSION',
  help: 'fills {version} in the command of the service',
}
const TARGET: ArgumentSpec = {
  name: 'TARGET',
  help: 'a service, for its rollout under way, or the id of a rollout',
  completes: 'rollouts',
}
const REASON: OptionSpec = { flags: '--reason <text>', help: 'kept in the journal' }
const REASON_TO_BEGIN: OptionSpec = { ...REASON, help: 'kept in the audit log' }
const WAIT: OptionSpec = { flags: '--wait', help: 'follow the rollout to its end' }
const WAIT_BY_DEFAULT: OptionSpec = { ...WAIT, help: `${WAIT.help} (the default)` }
const NO_WAIT: OptionSpec = { flags: '--no-wait', help: 'return as soon as the agent has begun' }
const RELEASE: OptionSpec = {
  flags: '--release <id>',
  help: 'id of the release (default: the version)',
}
const SET: OptionSpec = {
  flags: '--set <name=value>',
  help: 'fills {set.name} in the command of the service',
  repeats: true,
}
const GIVE_UP: OptionSpec = {
  flags: '--give-up-rollback-to <release>',
  help: 'a release that a schema change may leave behind for ever, or "all"',
  repeats: true,
}

/** Commands that change what users are served by, and the plan of it. */
export const DEPLOY_COMMANDS: readonly Command[] = [
  {
    name: 'deploy',
    summary: 'Roll out a version, and follow it to its end',
    arguments: [SERVICE, VERSION],
    options: [
      SET,
      RELEASE,
      { flags: '--supersede', help: 'end a rollout under way for this one' },
      GIVE_UP,
      WAIT_BY_DEFAULT,
      NO_WAIT,
      REASON_TO_BEGIN,
    ],
    asks: true,
    kinds: ['rollout'],
    examples: ['changeover deploy shop 2.4.0', 'changeover deploy shop 2.4.0 --no-wait --json'],
    load: async () => (await import('./deploy.ts')).runDeploy,
  },
  {
    name: 'plan',
    summary: 'Print exactly what a deploy would do, and do nothing',
    arguments: [SERVICE, VERSION],
    options: [SET, RELEASE, GIVE_UP],
    asks: true,
    kinds: ['plan'],
    load: async () => (await import('./deploy.ts')).runPlan,
  },
  {
    name: 'approve',
    summary: 'Say yes at the gate that waits for people',
    arguments: [TARGET],
    options: [{ flags: '--gate <name>', help: 'which gate (default: the open one)' }, WAIT, REASON],
    asks: true,
    kinds: ['rollout'],
    load: async () => (await import('./steer.ts')).runApprove,
  },
  {
    name: 'reject',
    summary: 'Say no at the gate that waits for people: the new release is given up',
    arguments: [TARGET],
    options: [{ flags: '--gate <name>', help: 'which gate (default: the open one)' }, REASON],
    asks: true,
    kinds: ['rollout'],
    load: async () => (await import('./steer.ts')).runReject,
  },
  {
    name: 'pause',
    summary: 'Stop the clock of a rollout and begin nothing new',
    arguments: [TARGET],
    options: [REASON],
    asks: true,
    kinds: ['rollout'],
    load: async () => (await import('./steer.ts')).runPause,
  },
  {
    name: 'resume',
    summary: 'Go on after a pause, or try a gate again that holds',
    arguments: [TARGET],
    options: [WAIT, REASON],
    asks: true,
    kinds: ['rollout'],
    load: async () => (await import('./steer.ts')).runResume,
  },
  {
    name: 'promote',
    summary: 'Override every gate and wait that is still to come',
    arguments: [TARGET],
    options: [WAIT, REASON],
    asks: true,
    kinds: ['rollout'],
    load: async () => (await import('./steer.ts')).runPromote,
  },
  {
    name: 'abort',
    summary: 'Give the new release up: the one of before serves again',
    arguments: [TARGET],
    options: [{ flags: '--wait', help: 'follow it until the release of before serves' }, REASON],
    asks: true,
    kinds: ['rollout'],
    load: async () => (await import('./steer.ts')).runAbort,
  },
  {
    name: 'rollback',
    summary: 'Show what going back would do, ask, and go back',
    arguments: [SERVICE],
    options: [
      {
        flags: '--to <release>',
        help: 'a recorded release (default: the one before the current one)',
      },
      { flags: '-y, --yes', help: 'do not ask; needed where there is no terminal' },
      WAIT_BY_DEFAULT,
      NO_WAIT,
      REASON_TO_BEGIN,
    ],
    asks: true,
    kinds: ['rollout'],
    examples: ['changeover rollback shop', 'changeover rollback shop --to 2.3.0 --yes'],
    load: async () => (await import('./rollback.ts')).runRollback,
  },
]
