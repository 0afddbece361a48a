/** The `count` words that take the fewest changes of single letters to become `word`. Pure. */
export function nearest(word: string, words: readonly string[], count: number): string[] {
  const far = new Map(words.map((other) => [other, distance(word, other)]))
  return [...far]
    .toSorted(([, one], [, other]) => one - other)
    .slice(0, count)
    .map(([other]) => other)
}

/** Letters to put in, take out or exchange. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1
      const costs = [(row[j - 1] ?? 0) + same, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1]
      next.push(Math.min(...costs))
    }
    row = next
  }
  return row[other.length] ?? 0
}
