import { Command as Commander, Option } from 'commander'
import type { ExitCode } from '../client/exit-code.ts'
import type { Command } from './command.ts'
import type { ArgumentSpec, OptionSpec } from './command-spec.ts'
import { optionsFor } from './common-options.ts'

/** Carries out one command, with what commander has parsed. */
export type Execute = (
  spec: Command,
  words: readonly unknown[],
  values: Readonly<Record<string, unknown>>,
) => Promise<ExitCode>

/** Where help and usage errors are written. */
export interface HelpOutput {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly width: number
}

const HEADINGS: readonly (readonly [first: string, heading: string])[] = [
  ['deploy', 'Deploy:'],
  ['status', 'Look:'],
  ['agent', 'Set up:'],
]

/** The command line, made from the table. Throws commander's errors instead of ending the process. */
export function buildProgram(
  commands: readonly Command[],
  version: string,
  execute: Execute,
  output: HelpOutput,
): Commander {
  const program = new Commander('changeover')
    .description('Ship a new version without a dropped request.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({
      writeOut: output.out,
      writeErr: output.err,
      getOutHelpWidth: () => output.width,
    })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit codes and JSON documents: docs/cli.md. What an error means: changeover explain CODE.',
    )
  const groups = new Map<string, Commander>()
  let heading = ''
  for (const spec of commands) {
    heading = HEADINGS.find(([first]) => first === spec.name)?.[1] ?? heading
    const [first = '', second] = spec.name.split(' ')
    const parent = second === undefined ? program : groupOf(program, groups, first, heading)
    const command = parent.command(second ?? first, { hidden: spec.hidden ?? false })
    addSpec(command.helpGroup(heading), spec, execute)
  }
  return program
}

/** The first word of commands that have two. */
function groupOf(
  program: Commander,
  groups: Map<string, Commander>,
  name: string,
  heading: string,
): Commander {
  const known = groups.get(name)
  if (known) return known
  const about =
    name === 'token'
      ? 'Tokens for the console and for other machines'
      : 'Schema changes, before they run'
  const group = program.command(name).description(about).helpGroup(heading)
  groups.set(name, group)
  return group
}

function addSpec(command: Commander, spec: Command, execute: Execute): void {
  command.description(spec.summary)
  for (const argument of spec.arguments ?? []) command.argument(placeOf(argument), argument.help)
  for (const option of optionsFor(spec)) command.addOption(optionOf(option))
  const examples = spec.examples ?? []
  if (examples.length > 0)
    command.addHelpText('after', `\nFor example:\n${examples.map((one) => `  ${one}`).join('\n')}`)
  command.action(async (...given: unknown[]) => {
    const values = command.opts<Record<string, unknown>>()
    const words = given.slice(0, (spec.arguments ?? []).length)
    await execute(spec, words, values)
  })
}

/** As commander writes an argument: `<NAME>`, `[NAME]`, `[NAMES...]`. */
export function placeOf({ name, required = true, variadic = false }: ArgumentSpec): string {
  const inner = variadic ? `${name}...` : name
  return required ? `<${inner}>` : `[${inner}]`
}

function optionOf({ flags, help, repeats = false }: OptionSpec): Option {
  const option = new Option(flags, help)
  if (flags.startsWith('--no-')) return option
  return repeats
    ? option.argParser<string[]>((value, before: string[] | undefined) => [
        ...(before ?? []),
        value,
      ])
    : option
}
