import { type NamedGate, planGate } from './plan-gate.ts'
import { FULL_WEIGHT } from './route-table.ts'
import type { Step } from './step.ts'
import type { StrategyContext, StrategyPlan } from './strategy.ts'
import type { RuleKey } from './strategy-step.ts'
import type { StrategyTimes } from './strategy-times.ts'
import {
  allTo,
  bringTo,
  evictOthers,
  inPlace,
  leave,
  leaveOthers,
  sideBySide,
  wayBack,
} from './way-back.ts'

/** A blue-green exchange, checked. */
export interface BlueGreenSettings {
  readonly preview?: RuleKey
  /** Gates before the flip. */
  readonly before: readonly NamedGate[]
  /** The watch, and the time for which the old side is kept. */
  readonly after: readonly NamedGate[]
  readonly times: StrategyTimes
}

/** Writes the plan of a blue-green exchange. Pure. */
export function planBlueGreen(context: StrategyContext, settings: BlueGreenSettings): StrategyPlan {
  const { from, to, replicas, running } = context
  const { before, after, times } = settings
  const beside = from !== undefined && inPlace(context) > 0
  const preview = beside ? openPreview(from.id, to.id, settings.preview) : []
  const previewed = preview.length > 0
  return {
    steps: [
      ...evictOthers(context, times),
      bringTo(to.id, replicas, times),
      ...preview,
      ...before
        // Without a preview a judge before the flip has nothing to look at.
        .filter(({ step }) => previewed || step !== 'judge')
        .map((gate) => planGate(gate, context)),
      allTo(to.id),
      ...after.map((gate) => planGate(gate, context)),
      ...(beside ? leave(from.id, times.drain) : []),
      ...leaveOthers(context, times),
    ],
    rollback: wayBack(context, times),
    capacity: { maxTotal: sideBySide(context), minAvailable: Math.min(running, replicas) },
    warnings: warningsOf(context, settings, beside),
  }
}

/** A table in which only requests with the mark see the new release. */
function openPreview(from: string, to: string, preview: RuleKey | undefined): Step[] {
  if (!preview) return []
  const weights = { [from]: FULL_WEIGHT, [to]: 0 }
  return [{ step: 'shift', weights, rules: [{ release: to, ...preview }] }]
}

function warningsOf(
  { from, to }: StrategyContext,
  { before, after, preview }: BlueGreenSettings,
  beside: boolean,
): string[] {
  const ungated = [...before, ...after].every(({ step }) => step === 'bake')
  return [
    ...(from ? [] : [`"${to.id}" is the first release: there is nothing to go back to`]),
    ...(from && !beside
      ? [`no instance of "${from.id}" runs: the way back has to launch them`]
      : []),
    ...(preview && !beside
      ? ['nothing serves beside the new release: there is no preview, and no judgement in it']
      : []),
    ...(ungated
      ? ['no gate judges the new release: it is promoted if its instances are ready and stay so']
      : []),
  ]
}
