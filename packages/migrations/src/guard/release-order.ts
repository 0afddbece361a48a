/** Below 0 where the first is the older one, above 0 where it is the newer one; undefined where nobody can tell. */
export type ReleaseOrder = (one: string, other: string) => number | undefined

/**
 * The order of releases.
 *
 * @param known oldest first; whatever is not in it is compared as a version such as `2.4.0`
 */
export function releaseOrder(known: readonly string[] = []): ReleaseOrder {
  const places = new Map(known.map((release, place) => [release, place]))
  return (one, other) => {
    if (one === other) return 0
    const [left, right] = [places.get(one), places.get(other)]
    if (left !== undefined && right !== undefined) return left - right
    return compareVersions(one, other)
  }
}

const VERSION = /^(?:.*[-_@/])?v?(\d+(?:\.\d+)*)(?:[-+](.+))?$/

function compareVersions(one: string, other: string): number | undefined {
  const [left, right] = [VERSION.exec(one), VERSION.exec(other)]
  if (!left?.[1] || !right?.[1]) return undefined
  const [first, second] = [left[1].split('.').map(Number), right[1].split('.').map(Number)]
  for (let place = 0; place < Math.max(first.length, second.length); place += 1) {
    const difference = (first[place] ?? 0) - (second[place] ?? 0)
    if (difference !== 0) return difference
  }
  // A pre-release comes before what it is one of; of two, nobody can tell.
  if (left[2] === right[2]) return 0
  if (left[2] !== undefined && right[2] !== undefined) return undefined
  return left[2] === undefined ? 1 : -1
}

/** The oldest of them; undefined where there is none, or where some cannot be compared. */
export function lowestOf(releases: readonly string[], order: ReleaseOrder): string | undefined {
  return releases.find((one) =>
    releases.every((other) => {
      const difference = order(one, other)
      return difference !== undefined && difference <= 0
    }),
  )
}
