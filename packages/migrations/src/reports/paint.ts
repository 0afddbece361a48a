import type { Mark } from './shown.ts'

/** Gives a text its colour, or none. */
export interface Paint {
  mark(mark: Mark, text: string): string
  strong(text: string): string
  dim(text: string): string
}

const RESET = '\u001B[0m'
const BOLD = '\u001B[1m'
const DIM = '\u001B[2m'
const COLOURS: Readonly<Record<Mark, string>> = {
  unsafe: '\u001B[31m',
  unknown: '\u001B[33m',
  note: '\u001B[36m',
  ignored: DIM,
}

/** With `color` for a terminal, without for everything else. */
export function painter(color: boolean): Paint {
  const wrap = (code: string, text: string): string => (color ? `${code}${text}${RESET}` : text)
  return {
    mark: (mark, text) => wrap(COLOURS[mark], text),
    strong: (text) => wrap(BOLD, text),
    dim: (text) => wrap(DIM, text),
  }
}
