import { CommanderError } from 'commander'
import { agentDirectory } from '../client/agent-directory.ts'
import { CommandError, commandError } from '../client/command-error.ts'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { glyphOf, paint, visible, visibleLines } from '../view/style.ts'
import type { Command } from './command.ts'
import type { JsonKind } from './json-kinds.ts'
import { COMMANDS } from './command-table.ts'
import { connect, isRoot } from './connect.ts'
import { Interruption } from './interruption.ts'
import { buildProgram } from './program.ts'
import { type Options, optionsOf, type Shell } from './shell.ts'
import type { Terminal } from './terminal.ts'

/** What the command line needs of the process. */
export interface Surroundings {
  readonly version: string
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** @default the machine's own clock */
  readonly now?: () => number
}

/** Carries out a command line. Never rejects: what went wrong is told, and is the exit code. */
export async function runCommandLine(
  words: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { terminal, signal, version } = surroundings
  let code: ExitCode = EXIT.ok
  const usage: string[] = []
  const program = buildProgram(
    COMMANDS,
    version,
    async (spec, args, values) => {
      const run = await spec.load()
      code = await run(shellOf(spec, args, values, surroundings))
      return code
    },
    {
      out: (text) => terminal.write(text),
      err: (text) => usage.push(text),
      width: terminal.style.width,
    },
  )
  try {
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    if (signal.aborted && isAbortion(error, signal)) return exitOfSignal(signal)
    return tell(reasonOf(error, usage, words), words.includes('--json'), terminal)
  }
}

function shellOf(
  spec: Command,
  args: readonly unknown[],
  values: Readonly<Record<string, unknown>>,
  { terminal, env, signal, now = Date.now }: Surroundings,
): Shell {
  const options = optionsOf(spec.name, args, values)
  return {
    command: spec.name,
    commands: COMMANDS,
    options,
    terminal,
    isJson: options.flag('json'),
    signal,
    env,
    directory: agentDirectory(options.text('directory'), env, isRoot()),
    now,
    client: (instead) => connect(wishOf(options, instead), env, signal),
    json: (kind, body) => terminal.out(jsonOf(kind, body)),
  }
}

function wishOf(
  options: Options,
  instead: Readonly<Record<string, string>> = {},
): Parameters<typeof connect>[0] {
  return {
    directory: instead['directory'] ?? options.text('directory'),
    url: instead['url'] ?? options.text('url'),
    tokenFile: instead['token-file'] ?? options.text('tokenFile'),
    ca: instead['ca'] ?? options.text('ca'),
    timeout: instead['timeout'] ?? options.text('timeout'),
  }
}

function jsonOf(kind: JsonKind, body: object): string {
  return JSON.stringify({ schema: 'changeover/v1', kind, ...body })
}

/** What commander says of the command line; undefined where it only printed help. */
function reasonOf(error: unknown, usage: readonly string[], words: readonly string[]): unknown {
  if (!(error instanceof CommanderError)) return error
  if (error.exitCode === 0) return undefined
  const told = usage
    .join('')
    .replace(/^error: /, '')
    .trim()
  // Without a command, the help is the answer.
  if (error.code === 'commander.help')
    return new CommandError('CHANGEOVER_USAGE', told, { exitCode: EXIT.usage })
  const [first = '', second = ''] = words
  const known = COMMANDS.find(({ name }) => name === first || name === `${first} ${second}`)
  const problem = told.replaceAll(/\s+/g, ' ').replace(/\.$/, '')
  return commandError('CHANGEOVER_USAGE', {
    problem: problem.charAt(0).toUpperCase() + problem.slice(1),
    command: known?.name ?? '',
  })
}

/** @returns the exit code */
function tell(error: unknown, isJson: boolean, terminal: Terminal): ExitCode {
  if (error === undefined) return EXIT.ok
  const { code, message, exitCode } = factsOf(error)
  if (isJson) terminal.out(jsonOf('error', { error: { code, message, exitCode } }))
  else terminal.err(errorText(code, message, terminal))
  return exitCode
}

function errorText(code: string, message: string, { style }: Terminal): string {
  const mark = paint(glyphOf('failed', style), 'red', style)
  // It may quote what an instance printed, or come from whatever listens there.
  const text = `${mark} ${visibleLines(message, style)}`
  if (!code.startsWith('CHANGEOVER_')) return text
  return `${text}\n  ${paint(visible(`${code}: changeover explain ${code}`, style), 'dim', style)}`
}

function factsOf(error: unknown): {
  readonly code: string
  readonly message: string
  readonly exitCode: ExitCode
} {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNEXPECTED'
  if (error instanceof CommandError) return { code, message, exitCode: error.exitCode }
  if (!code.startsWith('CHANGEOVER_')) return { code, message, exitCode: EXIT.unexpected }
  const isConfig = /^CHANGEOVER_(?:CONFIG|OPTION|DURATION|MIGRATIONS)_/.test(code)
  return { code, message, exitCode: isConfig ? EXIT.usage : EXIT.refused }
}

function isAbortion(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError')
}

function exitOfSignal({ reason }: AbortSignal): ExitCode {
  return reason instanceof Interruption && reason.signal === 'SIGTERM'
    ? EXIT.terminated
    : EXIT.interrupted
}
