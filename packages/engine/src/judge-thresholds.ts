import type { Criterion } from './criterion.ts'
import { formatDuration } from './format-duration.ts'
import type { Step } from './step.ts'
import { showNumber } from './trial-counts.ts'

/**
 * What passes and what fails at a judge: a line for each indicator, in the order of the step. Pure.
 *
 * @example
 * ```ts
 * const { steps } = await engine.plan({ service: 'shop', release, replicas: 4, strategy: rolling() })
 * for (const step of steps) if (step.step === 'judge') console.log(judgeThresholds(step).join('\n'))
 * // errors: fails where the evidence for more than 1 times the bad rate of "v1" reaches 100, ...
 * ```
 */
export function judgeThresholds({
  indicators,
  baseline,
}: Extract<Step, { readonly step: 'judge' }>): readonly string[] {
  return Object.entries(indicators).map(
    ([name, criterion]) =>
      `${name}: ${slower(criterion)}${thresholds(criterion, baseline)}${fewest(criterion)}`,
  )
}

function thresholds(criterion: Criterion, baseline: string): string {
  switch (criterion.kind) {
    case 'compare-rates': {
      const { alpha, beta, tolerance, ratioMax } = criterion
      return `fails where the evidence for more than ${tolerance} times the bad rate of "${baseline}" reaches ${showNumber(1 / alpha)}, passes where that for less than ${ratioMax} times reaches ${showNumber(1 / beta)}`
    }
    case 'bound-rate': {
      const { limit, confidence } = criterion
      const percent = showNumber(confidence * 100)
      return `fails where the evidence for more than ${showNumber(limit * 100)} % bad reaches ${showNumber(1 / (1 - confidence))}, passes at the deadline where no more is ${percent} % sure`
    }
    case 'compare-samples': {
      const { alpha, tolerance } = criterion
      return `compared once, at the deadline: fails where it is higher than "${baseline}" by more than ${showNumber(tolerance * 100)} % with p up to ${alpha}, passes where ${showNumber((1 - alpha) * 100)} % sure to be no more than that`
    }
  }
}

function slower(criterion: Criterion): string {
  if (criterion.kind === 'compare-samples' || criterion.overMs === undefined) return ''
  return `bad is slower than ${formatDuration(criterion.overMs)}; `
}

function fewest(criterion: Criterion): string {
  if (criterion.kind === 'compare-samples' || !criterion.minRequests) return ''
  return `; no verdict below ${showNumber(criterion.minRequests)} requests`
}
