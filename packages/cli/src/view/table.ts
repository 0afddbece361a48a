import { cut, pad, paint, type Style, visible, widthOf } from './style.ts'

const GAP = 2

/** Columns under a bold head; the last one is cut where the line would be too long. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
): string[] {
  const clean = rows.map((row) => row.map((cell) => visible(cell, style)))
  const widths = head.map((title, at) =>
    Math.max(title.length, ...clean.map((row) => widthOf(row[at] ?? ''))),
  )
  const line = (row: readonly string[]): string =>
    cut(
      row
        .map((cell, at) => pad(cell, (widths[at] ?? 0) + GAP))
        .join('')
        .trimEnd(),
      style.width,
      style,
    )
  return [paint(line(head), 'bold', style), ...clean.map(line)]
}
