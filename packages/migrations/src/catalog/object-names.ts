const LONGEST_BYTES = 63

/** Generated names follow the server: `{table}_{columns}_{label}`, the longer part cut until 63 bytes hold it. */
function generatedName(table: string, columns: string | undefined, label: string): string {
  const spare = LONGEST_BYTES - Buffer.byteLength(label) - 1 - (columns === undefined ? 0 : 1)
  let first = Buffer.byteLength(table)
  let second = Buffer.byteLength(columns ?? '')
  while (first + second > spare) {
    if (first > second) first -= 1
    else second -= 1
  }
  const middle = columns === undefined ? [] : [clip(columns, second)]
  return [clip(table, first), ...middle, label].join('_')
}

/** The first generated name that is not taken: a number is added to the label. */
export function freeName(
  isTaken: (name: string) => boolean,
  table: string,
  columns: string | undefined,
  label: string,
): string {
  for (let pass = 0; ; pass += 1) {
    const name = generatedName(table, columns, pass === 0 ? label : `${label}${pass}`)
    if (!isTaken(name)) return name
  }
}

/** Column names as a generated name joins them; the server stops where they are too long anyway. */
export function joinedColumns(columns: readonly string[]): string {
  let joined = ''
  for (const column of columns) {
    joined = joined === '' ? column : `${joined}_${column}`
    if (Buffer.byteLength(joined) > LONGEST_BYTES) break
  }
  return joined
}

function clip(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let kept = ''
  let used = 0
  for (const character of text) {
    used += Buffer.byteLength(character)
    if (used > bytes) break
    kept += character
  }
  return kept
}
