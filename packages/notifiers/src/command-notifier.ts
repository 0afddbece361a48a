import type { Entry } from '@changeover/engine'
import { createClosable, within } from './closable.ts'
import {
  type CommandNotifierOptions,
  type CommandSettings,
  readCommandOptions,
} from './command-options.ts'
import { notifierError } from './error-codes.ts'
import { messageOf, type NotifierMessage } from './message.ts'
import { wants } from './notify-event.ts'
import { type CommandEnd, runCommand } from './run-command.ts'
import type { OpenNotifier } from './webhook-notifier.ts'

/**
 * Runs a command for each entry. It gets the message (`NotifierMessage`) as JSON on its standard input, and
 * `CHANGEOVER_ID`, `CHANGEOVER_SERVICE`, `CHANGEOVER_ROLLOUT` and `CHANGEOVER_EVENT` (the entry's type) in its environment,
 * which else holds `PATH` and what `env` and `inherit` say.
 *
 * Exit code 0 means told; `notify` rejects with any other end. Whatever the command leaves running in its group is ended.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`; `notify` rejects with
 *   `CHANGEOVER_NOTIFIER_COMMAND_FAILED` or `CHANGEOVER_NOTIFIER_CLOSED`
 * @example
 * ```ts
 * const pager = commandNotifier({ command: ['/usr/local/bin/page'], events: ['held', 'turned-back'] })
 * const courier = createCourier({ store, notifiers: { pager }, directory: '/var/lib/shop/notifications' })
 * ```
 */
export function commandNotifier(options: CommandNotifierOptions): OpenNotifier {
  const settings = readCommandOptions(options)
  const closable = createClosable(settings.signal)
  return {
    async notify(entry, { service, signal }) {
      if (!wants(settings.events, entry)) return
      await closable.run((until) => tell(entry, messageOf(entry, service), settings, until), signal)
    },
    close: () => closable.close(),
    [Symbol.asyncDispose]: () => closable.close(),
  }
}

async function tell(
  entry: Entry,
  message: NotifierMessage,
  settings: CommandSettings,
  signal: AbortSignal,
): Promise<void> {
  const { command, cwd, timeoutMs, logger } = settings
  const { id } = message
  const run = {
    command,
    cwd,
    env: environmentOf(entry, message, settings),
    input: JSON.stringify(message),
  }
  const [file] = command
  const { how, cause, output } = await within(timeoutMs, signal, async (until) => {
    const end = await runCommand({ ...run, signal: until })
    return {
      how: describe(end, until.aborted ? timeoutMs : undefined),
      output: end.output,
      cause: undefined,
    }
  }).catch((error: unknown) => ({
    how: `could not be run: ${wordsOf(error)}`,
    cause: error,
    output: '',
  }))
  if (signal.aborted) throw notifierError('CHANGEOVER_NOTIFIER_CLOSED', { id })
  if (how === undefined) return logger.info({ id, output }, 'a command was run')
  logger.warn({ id, file, output }, `a command ${how}`)
  throw notifierError('CHANGEOVER_NOTIFIER_COMMAND_FAILED', { id, file, end: how }, cause)
}

function describe(
  { code, signal }: CommandEnd,
  lateAfterMs: number | undefined,
): string | undefined {
  if (lateAfterMs !== undefined) return `was killed: it ran for more than ${lateAfterMs} ms`
  if (code === 0) return undefined
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}`
}

function environmentOf(
  entry: Entry,
  { id, service, rollout }: NotifierMessage,
  { env, inherit }: CommandSettings,
): Record<string, string> {
  const passed = ['PATH', ...inherit].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...Object.fromEntries(passed),
    ...env,
    CHANGEOVER_ID: id,
    CHANGEOVER_SERVICE: service,
    CHANGEOVER_ROLLOUT: rollout,
    CHANGEOVER_EVENT: entry.type,
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
