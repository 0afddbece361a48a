/** The value below which this share of the values lies, by nearest rank; 0.5 is the median. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}

/** Prints rows of cells as Markdown. */
export function printTable(title, columns, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'))
  console.log([`\n### ${title}\n`, line(columns), line(rule), ...rows.map(line)].join('\n'))
}

/** Milliseconds for people; what was not over within the limit is infinite. */
export function formatMs(ms, limitMs) {
  if (!Number.isFinite(ms)) return `> ${limitMs / 1000} s`
  return `${ms.toFixed(Math.abs(ms) < 100 ? 1 : 0)} ms`
}

/** One time as a multiple of that of raw, either of which may be beyond the limit. */
export function formatRatio(ms, rawMs, limitMs) {
  const rawEnds = Number.isFinite(rawMs)
  if (rawMs === undefined || !(Number.isFinite(ms) || rawEnds)) return '–'
  const ratio = Math.min(ms, limitMs) / Math.min(rawMs, limitMs)
  const bound = rawEnds ? '> ' : '< '
  return `${rawEnds && Number.isFinite(ms) ? '' : bound}${ratio.toFixed(ratio < 0.1 ? 4 : 2)}`
}

/** Groups results by their subject, in the order of the subjects. */
export function bySubject(subjects, results) {
  return subjects.map((name) => [name, results.filter(({ subject }) => subject === name)])
}
