import type { Client } from '../client/client.ts'
import { commandError } from '../client/command-error.ts'
import type { CommandSpec } from './command-spec.ts'
import type { JsonKind } from './json-kinds.ts'
import type { Terminal } from './terminal.ts'

/** What a command is given: its words, the agent, the terminal, and when to stop. */
export interface Shell {
  /** Words behind `changeover`. */
  readonly command: string
  /** All that there are. */
  readonly commands: readonly CommandSpec[]
  readonly options: Options
  readonly terminal: Terminal
  /** Standard output is for programs. */
  readonly isJson: boolean
  /** Aborts with Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  readonly env: Readonly<Record<string, string | undefined>>
  /** Of the agent on this machine. */
  readonly directory: string
  readonly now: () => number
  /**
   * The agent to ask.
   *
   * @param instead connection options in the place of those of the command line
   * @throws CommandError where command line or environment misname it
   */
  client(instead?: Readonly<Record<string, string>>): Client
  /** One JSON document, on a line of its own. */
  json(kind: JsonKind, body: object): void
}

/** What the command line says. Commander has checked that it is what the command takes. */
export interface Options {
  /** A required argument. */
  argument(at: number): string
  maybeArgument(at: number): string | undefined
  arguments(): readonly string[]
  text(name: string): string | undefined
  /** @param fallback where neither it nor its --no- form is given; false by default */
  flag(name: string, fallback?: boolean): boolean
  list(name: string): readonly string[]
  /** A whole number above 0. @throws CommandError `CHANGEOVER_USAGE` */
  count(name: string, fallback: number): number
  /** One of `values`. @throws CommandError `CHANGEOVER_USAGE` */
  choice<T extends string>(name: string, values: readonly T[], fallback: T): T
}

/** Reads what commander has parsed. Pure. */
export function optionsOf(
  command: string,
  words: readonly unknown[],
  values: Readonly<Record<string, unknown>>,
): Options {
  const flat = words.flat().filter((word) => typeof word === 'string')
  const text = (name: string): string | undefined => {
    const value = values[name]
    return typeof value === 'string' ? value : undefined
  }
  const usage = (problem: string): Error => commandError('CHANGEOVER_USAGE', { problem, command })
  return {
    argument: (at) => flat[at] ?? '',
    maybeArgument: (at) => flat[at],
    arguments: () => flat,
    text,
    flag: (name, fallback = false) => (values[name] ?? fallback) === true,
    list: (name) => {
      const value = values[name]
      return Array.isArray(value) ? value.map(String) : []
    },
    count: (name, fallback) => {
      const value = text(name) ?? String(fallback)
      if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
      throw usage(`Option --${name} takes a whole number above 0, not ${JSON.stringify(value)}`)
    },
    choice: (name, known, fallback) => {
      const value = text(name) ?? fallback
      const found = known.find((one) => one === value)
      if (found !== undefined) return found
      throw usage(`Option --${name} is one of ${known.join(', ')}, not ${JSON.stringify(value)}`)
    },
  }
}
