import type { Style } from '../view/style.ts'

/** What a command writes to and asks. Nothing else in the commands knows the process. */
export interface Terminal {
  /** How standard output is drawn. */
  readonly style: Style
  /** Standard output may be redrawn: it is a terminal that people look at. */
  readonly isLive: boolean
  /** Somebody can be asked: input and errors are terminals. */
  readonly canAsk: boolean
  /** One line, or several, on standard output. */
  out(text: string): void
  /** As it is, without a newline behind it. */
  write(text: string): void
  /** For people, beside what programs read. */
  err(text: string): void
  /** Asks on standard error; undefined where the input ended. */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>
  /** Draws over what was drawn before. */
  draw(): Promise<Drawing>
}

/** An area of the terminal that is drawn again and again. */
export interface Drawing {
  show(lines: readonly string[]): void
  /** Leaves what was drawn last, with the cursor behind it. */
  done(): void
}

type Environment = Readonly<Record<string, string | undefined>>

/** What `styleFor` needs to know of a stream. */
export interface StreamFacts {
  readonly isTTY: boolean
  readonly columns: number | undefined
}

const PAPER_WIDTH = 120
const TERMINAL_WIDTH = 80

/**
 * How to draw on a stream: colours only on terminals, never with `NO_COLOR`, always with `FORCE_COLOR`; glyphs only where the
 * locale is one of UTF-8. Pure.
 */
export function styleFor(stream: StreamFacts, env: Environment): Style {
  return {
    // Some terminals say that they have no column at all.
    width:
      stream.columns || Number(env['COLUMNS']) || (stream.isTTY ? TERMINAL_WIDTH : PAPER_WIDTH),
    colour: hasColour(stream, env),
    ascii: !isUtf8(env),
  }
}

function hasColour({ isTTY }: StreamFacts, env: Environment): boolean {
  if (env['NO_COLOR']) return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return isTTY && env['TERM'] !== 'dumb'
}

/** The first of them that is set decides, as in every other program. */
function isUtf8(env: Environment): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  return /utf-?8/i.test(locale)
}
