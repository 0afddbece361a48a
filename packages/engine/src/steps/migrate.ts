import { observeOutside } from '../observe-outside.ts'
import { isNarrowing, migrationRefused, unknownRelease } from '../plan-migrations.ts'
import type { Release } from '../release.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'

type MigrateStep = Extract<Step, { readonly step: 'migrate' }>

/**
 * Runs one phase of schema changes. The guard judges again under its own lock, for whatever runs besides what the plan
 * names; anything but `safe` ends the plan. What takes something away is irreversible, so the outside is observed first.
 */
export async function migrate(run: Run, { phase, live: planned }: MigrateStep): Promise<void> {
  const { ports, state, signal } = run
  const { service, from, to } = state.plan
  if (isNarrowing(phase)) await observeOutside(run)
  const live = withRunning(planned ?? (from ? [from, to] : [to]), run)
  const report = await ports.migrations?.apply({ service, phase, live, target: to }, { signal })
  if (report?.verdict === 'safe') return
  throw migrationRefused(phase, report?.verdict ?? 'unknown', report?.findings ?? [])
}

function withRunning(planned: readonly Release[], { state }: Run): readonly Release[] {
  const { from, to } = state.plan
  const known = new Set(planned.map(({ id }) => id))
  const running = new Set([...state.instances.values()].map(({ release }) => release))
  const others = [...running].filter((id) => !known.has(id))
  const release = (id: string): Release =>
    [from, to].find((one) => one?.id === id) ?? unknownRelease(id)
  return [...planned, ...others.map(release)]
}
