/** How text may be drawn. */
export interface Style {
  /** Columns of the terminal, or of the paper. */
  readonly width: number
  readonly colour: boolean
  /** Only ASCII: for terminals and files that know nothing else. */
  readonly ascii: boolean
}

/** What a mark says, whatever it is drawn as. */
export type Mark = 'done' | 'active' | 'next' | 'waiting' | 'failed' | 'warning'

type Colour = 'green' | 'cyan' | 'dim' | 'yellow' | 'red' | 'bold'

const MARKS: Readonly<
  Record<Mark, { readonly glyph: string; readonly ascii: string; readonly colour: Colour }>
> = {
  done: { glyph: '✔', ascii: '+', colour: 'green' },
  active: { glyph: '•', ascii: '*', colour: 'cyan' },
  next: { glyph: '○', ascii: '-', colour: 'dim' },
  waiting: { glyph: '॥', ascii: '=', colour: 'yellow' },
  failed: { glyph: '✖', ascii: 'x', colour: 'red' },
  warning: { glyph: '⚠', ascii: '!', colour: 'yellow' },
}

const CODES: Readonly<Record<Colour, string>> = {
  bold: '\u001B[1m',
  dim: '\u001B[2m',
  red: '\u001B[31m',
  green: '\u001B[32m',
  yellow: '\u001B[33m',
  cyan: '\u001B[36m',
}
const RESET = '\u001B[0m'

/** `text` in a colour, where colours may be used. */
export function paint(text: string, colour: Colour, style: Style): string {
  return style.colour && text !== '' ? `${CODES[colour]}${text}${RESET}` : text
}

/** The mark alone: what it says must also stand beside it in words. */
export function glyphOf(mark: Mark, { ascii }: Style): string {
  return ascii ? MARKS[mark].ascii : MARKS[mark].glyph
}

export function colourOf(mark: Mark): Colour {
  return MARKS[mark].colour
}

/** Mark and words, in the colour of the mark. */
export function marked(mark: Mark, text: string, style: Style): string {
  return paint(`${glyphOf(mark, style)} ${text}`, colourOf(mark), style)
}

/** Text of others on one line, with nothing in it that could move the cursor or change colours. */
export function visible(text: string, { ascii }: Pick<Style, 'ascii'> = { ascii: false }): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll(/[\p{Cc}\p{Cf}]/gu, '?')
  if (!ascii) return line
  return line
    .replaceAll('→', '->')
    .replaceAll('…', '...')
    .replaceAll(/[^ -~]/gu, '?')
}

/** The same for a text of several lines, which keeps its lines and what they begin with. */
export function visibleLines(text: string, style?: Pick<Style, 'ascii'>): string {
  return text
    .split('\n')
    .map((line) => `${/^ */.exec(line)?.[0] ?? ''}${visible(line.trim(), style)}`)
    .join('\n')
}

/** How many columns it takes, by its characters. */
export function widthOf(text: string): number {
  return Array.from(text).length
}

/** At most `width` characters; what is cut off at the end is told by an ellipsis. */
export function cut(text: string, width: number, { ascii }: Style): string {
  const characters = Array.from(text)
  if (characters.length <= width) return text
  const dots = ascii ? '...' : '…'
  return `${characters.slice(0, Math.max(0, width - dots.length)).join('')}${dots}`.slice(
    0,
    Math.max(0, width),
  )
}

/** As `cut`, but of names, whose ends tell them apart: the middle goes. */
export function cutMiddle(text: string, width: number, style: Style): string {
  const characters = Array.from(text)
  if (characters.length <= width) return text
  const dots = style.ascii ? '..' : '…'
  const kept = Math.max(0, width - dots.length)
  const tail = Math.floor(kept * 0.6)
  return `${characters.slice(0, kept - tail).join('')}${dots}${tail > 0 ? characters.slice(-tail).join('') : ''}`
}

/** Filled up with blanks. Counts characters, so that it goes before painting. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}
