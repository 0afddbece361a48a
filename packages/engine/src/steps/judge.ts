import { passGate } from '../gate.ts'
import { type Asking, askWithin } from '../ask-metrics.ts'
import { combineVerdicts, openTrial } from '../judgement.ts'
import { publishLook } from '../look-channel.ts'
import type { Indicator, MetricsQuery, NoData, Samples } from '../metrics.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import { activeMs } from '../step-time.ts'
import { waitInStep } from '../step-wait.ts'
import type { Standing, Trial } from '../trial.ts'
import type { Verdict } from '../verdict.ts'

type JudgeStep = Extract<Step, { readonly step: 'judge' }>

/** A slow metrics system gets this long for one answer, or until the next look where that comes later. */
const SHORTEST_PATIENCE_MS = 10_000

/** Looks at every indicator until one fails, all pass, or the deadline makes the gate inconclusive. */
export async function judge(run: Run, step: JudgeStep): Promise<void> {
  await passGate(run, step, async () => {
    const { state, ports } = run
    const since = state.stepStartedAt ?? ports.clock.now()
    const trials = Object.entries(step.indicators).map(([name, bounds]) => openTrial(name, bounds))
    for (;;) {
      const seenMs = activeMs(state, ports.clock.now())
      const final = seenMs >= step.deadlineMs
      const verdict = await look(run, step, trials, { since, final })
      if (verdict.verdict !== 'inconclusive' || final || state.promote) return verdict
      await waitInStep(run, { activeMs: Math.min(seenMs + step.everyMs, step.deadlineMs) })
    }
  })
}

interface Moment {
  readonly since: number
  readonly final: boolean
}

/** Asks about all indicators and both sides at once, so that all saw the same time. */
async function look(
  run: Run,
  step: JudgeStep,
  trials: readonly Trial[],
  { since, final }: Moment,
): Promise<Verdict> {
  const { service } = run.state.plan
  const patienceMs = Math.max(step.everyMs, SHORTEST_PATIENCE_MS)
  return askWithin(run, patienceMs, async ({ ask, mark }) => {
    const from = await markOnce(run, step, mark)
    const of = async (release: string, indicator: Indicator): Promise<Samples> =>
      'reason' in from ? from : ask({ service, release, since, ...from, ...indicator })
    const seen = trials.map(async ({ asks, needsBaseline, finalOnly, look: take }) => {
      if (finalOnly && !final) return take({ candidate: UNASKED, baseline: UNASKED, final })
      const sides = needsBaseline ? [step.candidate, step.baseline] : [step.candidate]
      const [candidate = UNASKED, baseline] = await Promise.all(sides.map((one) => of(one, asks)))
      return take({ candidate, baseline, final })
    })
    const standings = await Promise.all(seen)
    tell(run, step, trials, standings)
    return combineVerdicts(standings)
  })
}

/** For whoever watches; what it comes to in the end is journaled. */
function tell(
  { state, ports }: Run,
  { gate }: JudgeStep,
  trials: readonly Trial[],
  standings: readonly Standing[],
): void {
  publishLook(() => ({
    rollout: state.id,
    service: state.plan.service,
    gate,
    at: ports.clock.now(),
    indicators: standings.map((standing, i) => ({
      indicator: trials[i]?.asks.indicator ?? '',
      ...standing,
    })),
  }))
}

/** Where the counting began, journaled before anything is counted; or why that is not known. */
async function markOnce(
  run: Run,
  { gate }: JudgeStep,
  ask: Asking['mark'],
): Promise<Pick<MetricsQuery, 'mark'> | NoData> {
  const { state } = run
  if (state.mark) return { mark: state.mark }
  const answer = await ask(state.plan.service)
  if (answer === undefined || 'data' in answer) return answer ?? {}
  await run.record({ type: 'counting', gate, mark: answer.mark })
  return answer
}

const UNASKED: Samples = { data: false, reason: 'nobody was asked' }
