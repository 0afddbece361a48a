import type { CommandSpec, Completes, OptionSpec } from './command-spec.ts'
import { CONNECTION_OPTIONS, optionsFor } from './common-options.ts'

/** What may come next on a command line. */
export interface Completion {
  readonly typed: string
  /** Words of the program itself, with what they mean. */
  readonly words: readonly (readonly [word: string, help: string])[]
  /** Names that somebody else knows: the agent, or the file system. */
  readonly names: Completes | undefined
  /** Of the instances that are asked for. */
  readonly service: string | undefined
  /** Options of the line that say which agent to ask. */
  readonly connection: Readonly<Record<string, string>>
}

/** What fits in the place of the last word of `line`. Pure. */
export function completionsOf(
  line: readonly string[],
  commands: readonly CommandSpec[],
): Completion {
  const words = withoutEquals(line)
  const typed = words.at(-1) ?? ''
  const { plain, connection, open } = readWords(words.slice(0, -1), commands)
  const command = commands.findLast(({ name }) => isAt(name, plain))
  const nothing = { typed, words: [], names: undefined, service: undefined, connection }
  if (open) return { ...nothing, names: open.completes }
  if (!command) return { ...nothing, words: nextWords(plain, commands).filter(startsWith(typed)) }
  if (typed.startsWith('-')) {
    const options = optionsFor(command).flatMap(({ flags, help }) =>
      namesOf(flags).map((name) => [name, help] as const),
    )
    return { ...nothing, words: options.filter(startsWith(typed)) }
  }
  const place = plain.length - command.name.split(' ').length
  const specs = command.arguments ?? []
  const argument = specs[place] ?? (specs.at(-1)?.variadic ? specs.at(-1) : undefined)
  return { ...nothing, names: argument?.completes, service: plain.at(-1) }
}

/** Lists that need nobody to ask. */
export const KNOWN_NAMES: Partial<Record<Completes, readonly string[]>> = {
  shells: ['bash', 'zsh', 'fish'],
  roles: ['viewer', 'approver', 'operator'],
  formats: ['text', 'json', 'sarif', 'github'],
  dialects: ['postgres', 'mysql', 'mariadb', 'sqlite'],
}

/** bash hands `--role=x` over in three words. */
function withoutEquals(line: readonly string[]): readonly string[] {
  const last = line.at(-1)
  const kept = line.filter((word) => word !== '=')
  return last === '=' ? [...kept, ''] : kept
}

interface Read {
  readonly plain: string[]
  readonly connection: Record<string, string>
  /** The option whose value is being typed. */
  open: OptionSpec | undefined
}

function readWords(words: readonly string[], commands: readonly CommandSpec[]): Read {
  const valued = commands
    .flatMap((command) => optionsFor(command))
    .filter(({ flags }) => flags.includes('<'))
  const read: Read = { plain: [], connection: {}, open: undefined }
  for (const word of words) {
    if (read.open) {
      if (CONNECTION_OPTIONS.includes(read.open)) read.connection[longName(read.open)] = word
      read.open = undefined
    } else if (word.startsWith('-')) {
      read.open = valued.find(({ flags }) => namesOf(flags).includes(word))
    } else read.plain.push(word)
  }
  return read
}

function isAt(name: string, plain: readonly string[]): boolean {
  return name.split(' ').every((word, at) => plain[at] === word)
}

/** The first word, or the second one of commands that have two. */
function nextWords(
  plain: readonly string[],
  commands: readonly CommandSpec[],
): (readonly [string, string])[] {
  const shown = commands.filter(
    ({ hidden, name }) =>
      hidden !== true && plain.every((word, at) => name.split(' ')[at] === word),
  )
  const next = new Map<string, string>()
  for (const { name, summary } of shown) {
    const word = name.split(' ')[plain.length] ?? ''
    next.set(word, next.has(word) ? `${next.get(word) ?? ''}; ${summary}` : summary)
  }
  return [...next]
}

function startsWith(typed: string): (entry: readonly [string, string]) => boolean {
  return ([word]) => word.startsWith(typed)
}

/** `-n, --lines <count>` has the names -n and --lines. */
function namesOf(flags: string): string[] {
  return flags.split(/[ ,]+/).filter((part) => part.startsWith('-'))
}

function longName({ flags }: OptionSpec): string {
  return namesOf(flags).at(-1)?.slice(2) ?? ''
}
