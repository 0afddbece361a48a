import type { KillsResult } from './engine-kills.ts'

/** A run for people: what was killed when, and how it ended. */
export function killsTable({
  strategy,
  undisturbedMs,
  rollouts,
  report,
  audit,
}: KillsResult): string {
  const kills = rollouts.flatMap((rollout) => rollout.kills)
  const ends = countBy(rollouts.map(({ end }) => end?.outcome ?? 'lost'))
  const entries = countBy(kills.map(({ afterEntry }) => afterEntry))
  const moments = kills.map(({ afterMs }) => Math.round(afterMs)).sort((a, b) => a - b)
  return [
    `${strategy}: ${kills.length} kills in ${rollouts.length} rollouts of ${Math.round(undisturbedMs)} ms (undisturbed)`,
    `  ends       ${ends}`,
    `  let go     ${countBy(rollouts.flatMap(({ letGo }) => letGo)) || 'never'}`,
    `  requests   ${report.sent} sent, ${report.answered} answered, ${report.dropped} dropped, ${audit.executed} executed, ${audit.twice.length} twice`,
    `  latency    p50 ${report.latency.p50} ms, p99 ${report.latency.p99} ms, max ${report.latency.max} ms`,
    `  killed     ${moments.join(' ')} ms after it led`,
    `  just after ${entries}`,
  ].join('\n')
}

function countBy(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a)
  return sorted.map(([name, count]) => `${name} ${count}`).join(', ')
}
