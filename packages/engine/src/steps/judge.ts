import { compareRates, type Counts, type RateJudge, summarize } from '../compare-rates.ts'
import { passGate } from '../gate.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import type { Verdict } from '../verdict.ts'

type JudgeStep = Extract<Step, { readonly step: 'judge' }>

/** One indicator under judgement: what was seen of each side so far, and what it led to. */
interface Trial {
  readonly indicator: string
  readonly judge: RateJudge
  candidate: Counts
  baseline: Counts
  verdict: Verdict
}

const NOTHING: Counts = { bad: 0, total: 0 }

/** Looks at every indicator until one fails, all pass, or the deadline makes the gate inconclusive. */
export async function judge(run: Run, step: JudgeStep): Promise<void> {
  const { clock } = run.ports
  const since = run.state.stepStartedAt ?? clock.now()
  const trials = Object.entries(step.indicators).map(openTrial)
  for (;;) {
    await Promise.all(trials.map((trial) => look(run, step, trial, since)))
    const verdict = combine(trials.map((trial) => trial.verdict))
    const over = clock.now() >= since + step.deadlineMs
    if (verdict.verdict !== 'inconclusive' || over) return passGate(run, step.gate, verdict)
    await clock.sleep(step.everyMs, { signal: run.signal })
  }
}

function openTrial([indicator, bounds]: [string, Parameters<typeof compareRates>[0]]): Trial {
  const verdict: Verdict = { verdict: 'inconclusive', evidence: 0, reason: `${indicator}: no data` }
  return {
    indicator,
    judge: compareRates(bounds),
    candidate: NOTHING,
    baseline: NOTHING,
    verdict,
  }
}

async function look(run: Run, step: JudgeStep, trial: Trial, since: number): Promise<void> {
  const [candidate, baseline] = await Promise.all([
    count(run, step.candidate, trial.indicator, since),
    count(run, step.baseline, trial.indicator, since),
  ])
  if (!candidate || !baseline) return
  const rate = trial.judge.add({
    candidate: minus(candidate, trial.candidate),
    baseline: minus(baseline, trial.baseline),
  })
  Object.assign(trial, { candidate, baseline, verdict: summarize(trial.indicator, rate) })
}

async function count(
  { ports, state, signal }: Run,
  release: string,
  indicator: string,
  since: number,
): Promise<Counts | undefined> {
  const query = { service: state.plan.service, release, indicator, since }
  const samples = await ports.metrics?.sample(query, { signal })
  const usable = samples?.data === true && samples.bad >= 0 && samples.total >= samples.bad
  return usable ? samples : undefined
}

function minus(now: Counts, before: Counts): Counts {
  return { bad: Math.max(0, now.bad - before.bad), total: Math.max(0, now.total - before.total) }
}

/** A gate fails with its first indicator and passes with its last. */
function combine(verdicts: readonly Verdict[]): Verdict {
  const failed = verdicts.find(({ verdict }) => verdict === 'fail')
  const open = verdicts.find(({ verdict }) => verdict === 'inconclusive')
  const decisive = failed ?? open ?? verdicts[0]
  const evidence = verdicts.reduce((sum, one) => sum + one.evidence, 0)
  const reason = verdicts.map((one) => one.reason).join('; ')
  return { verdict: decisive?.verdict ?? 'inconclusive', evidence, reason }
}
