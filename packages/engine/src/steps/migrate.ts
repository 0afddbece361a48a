import { refuse } from '../changeover-error.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'

type MigrateStep = Extract<Step, { readonly step: 'migrate' }>

/** Runs one phase of schema changes. The guard judges again under its own lock; anything but `safe` ends the plan. */
export async function migrate(
  { ports, state, signal }: Run,
  { phase }: MigrateStep,
): Promise<void> {
  const { service, from, to } = state.plan
  const live = from ? [from, to] : [to]
  const report = await ports.migrations?.apply({ service, phase, live, target: to }, { signal })
  if (report?.verdict === 'safe') return
  const problem = [report?.verdict ?? 'no guard', ...(report?.findings ?? [])].join('; ')
  throw refuse('CHANGEOVER_GATE_FAILED', { gate: `migrate ${phase}`, problem })
}
