/** `1h 5m`, `2m 30s`, `12s`, as people say it; never negative. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = units.findIndex(([count]) => count > 0)
  if (first < 0) return '0s'
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ')
}

/** How long ago, in words. */
export function agoText(at: number, now: number): string {
  return now - at < 1500 ? 'now' : `${durationText(now - at)} ago`
}

/** What is left until `endsAt`; never less than nothing. */
export function leftText(endsAt: number, now: number): string {
  return endsAt <= now ? 'any moment' : `${durationText(endsAt - now)} left`
}
