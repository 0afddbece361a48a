import { checkOptions, type Duration, portSchema, refuse } from '@changeover/engine'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import { EVENTS_REMEDY, eventsOption, type NotifyEvent } from './notify-event.ts'
import { positiveMs } from './webhook-options.ts'

/** Options of {@link commandNotifier}. */
export interface CommandNotifierOptions {
  /** The file to run and its arguments. No shell reads them. */
  readonly command: readonly [file: string, ...args: string[]]
  /**
   * What to tell.
   * @default created, approval-wanted, judged-fail, held, closed, lost, noticed, turned-back, finished
   */
  readonly events?: 'all' | readonly NotifyEvent[]
  /** How long it may run; then it is killed, with all that it started in its group. @default '30s' */
  readonly timeout?: Duration
  /** Directory to run in. @default that of this process */
  readonly cwd?: string
  /** Variables of the command, on top of `PATH` and those that tell what happened. @default {} */
  readonly env?: Readonly<Record<string, string>>
  /** Names of variables to pass on from the environment of this process. @default [] */
  readonly inherit?: readonly string[]
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal
  /** Gets what the command printed, the last 4 kB of it. @default silent */
  readonly logger?: Logger
}

/** Options after the check. */
export interface CommandSettings {
  readonly command: readonly [file: string, ...args: string[]]
  readonly events: 'all' | readonly NotifyEvent[] | undefined
  readonly timeoutMs: number
  readonly cwd: string | undefined
  readonly env: Readonly<Record<string, string>>
  readonly inherit: readonly string[]
  readonly signal: AbortSignal | undefined
  readonly logger: Logger
}

const text = z.string().regex(/^[^\0]*$/, 'holds a NUL character')
const name = z
  .string()
  .regex(/^[^=\0]+$/, 'not the name of a variable')
  .refine((name) => !name.startsWith('CHANGEOVER_'), 'the notifier sets this variable itself')

const schema = z.strictObject({
  command: z.tuple([text.min(1)], text),
  events: eventsOption,
  timeout: z.union([z.number(), z.string()]).optional(),
  cwd: text.min(1).optional(),
  env: z.record(name, text).default({}),
  inherit: z.array(name).default([]),
  signal: z.instanceof(AbortSignal).optional(),
  logger: portSchema<Logger>('pino logger', ['info', 'warn', 'error', 'child']).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  command:
    'Give the file and its arguments as a list: ["/usr/local/bin/tell", "--deploys"]. No shell is used.',
  events: EVENTS_REMEDY,
  timeout: "Give milliseconds above 0 or a string such as '30s'.",
  cwd: 'Name a directory, or leave it out.',
  env: 'Give names with texts as values; CHANGEOVER_* are set by the notifier.',
  inherit: 'List names of variables of this process.',
  '': 'Give command; and any of events, timeout, cwd, env, inherit, signal, logger.',
}

/** Checks the options. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID` */
export function readCommandOptions(options: CommandNotifierOptions): CommandSettings {
  const help = { remedies: REMEDIES, secret: ['env'] }
  const { command, timeout, logger, ...rest } = checkOptions(schema, options, '', help)
  const missing = rest.inherit.find((name) => process.env[name] === undefined)
  if (missing !== undefined) throw notSet(missing)
  const [file, ...args] = command
  return {
    command: [file, ...args],
    events: rest.events,
    timeoutMs: positiveMs(timeout ?? '30s', 'timeout'),
    cwd: rest.cwd,
    env: rest.env,
    inherit: rest.inherit,
    signal: rest.signal,
    logger: (logger ?? pino({ level: 'silent' })).child({ component: 'notify-command' }),
  }
}

function notSet(name: string): Error {
  const problem = 'it is not set in the environment of this process'
  const details = { field: 'inherit', value: name, problem, remedy: REMEDIES['inherit'] }
  return refuse('CHANGEOVER_OPTION_INVALID', details)
}
