import type { JsonKind } from './json-kinds.ts'

/** What a completion script may offer in a place. */
export type Completes =
  | 'services'
  | 'rollouts'
  | 'instances'
  | 'codes'
  | 'files'
  | 'shells'
  | 'roles'
  | 'formats'
  | 'dialects'

export interface ArgumentSpec {
  readonly name: string
  readonly help: string
  /** @default true */
  readonly required?: boolean
  /** Any number of them. @default false */
  readonly variadic?: boolean
  readonly completes?: Completes
}

export interface OptionSpec {
  /** As commander writes them: `--set <name=value>`. */
  readonly flags: string
  readonly help: string
  /** Given several times, all count. @default false */
  readonly repeats?: boolean
  readonly completes?: Completes
}

/** One command, as data: the command line, its help, the completion scripts and `docs/cli.md` are made of it. */
export interface CommandSpec {
  /** Words behind `changeover`, such as `migrations check`. */
  readonly name: string
  readonly summary: string
  readonly arguments?: readonly ArgumentSpec[]
  readonly options?: readonly OptionSpec[]
  /** It asks an agent, and takes the options that say which. @default false */
  readonly asks?: boolean
  /** What `--json` prints; none: there is no such option. */
  readonly kinds: readonly JsonKind[]
  /** Left out of help and completion. @default false */
  readonly hidden?: boolean
  readonly examples?: readonly string[]
}
