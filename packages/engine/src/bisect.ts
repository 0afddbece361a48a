/** The smallest double in (low, high] for which `holds`, where it holds from some point on, and at `high`. */
export function bisect(low: number, high: number, holds: (value: number) => boolean): number {
  let [below, above] = [low, high]
  for (;;) {
    const middle = below / 2 + above / 2
    if (middle <= below || middle >= above) return above
    if (holds(middle)) above = middle
    else below = middle
  }
}
