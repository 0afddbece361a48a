import type { Counts, IndicatorLook } from '@changeover/engine'

/** A bar of evidence: how far it has come towards a verdict. */
export interface EvidenceBar {
  readonly verdict: 'pass' | 'fail'
  readonly value: number
  readonly threshold: number
  /** 0 to 1, and no more than 1. */
  readonly filled: number
}

/** The bars of an indicator. E-values grow by factors, so the bar shows their logarithms. */
export function evidenceBars({ towards = [] }: IndicatorLook): readonly EvidenceBar[] {
  return towards.map(({ verdict, value, threshold }) => {
    return { verdict, value, threshold, filled: filled(value, threshold) }
  })
}

function filled(value: number, threshold: number): number {
  if (!(value > 0) || !(threshold > 0)) return 0
  const share = threshold > 10 ? Math.log1p(value) / Math.log1p(threshold) : value / threshold
  return Math.min(1, share)
}

/** `3.14`, `120`: as many digits as say something. */
export function evidenceText(value: number): string {
  if (value >= 1e6) return '>1M'
  return value < 0.001 ? '0' : value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

/** What a judge has seen of both sides, in one line; undefined where it counts nothing. */
export function countsText({ candidate, baseline }: IndicatorLook): string | undefined {
  if (candidate === undefined) return undefined
  const old = baseline === undefined ? '' : `, old ${side(baseline)}`
  return `new ${side(candidate)}${old}`
}

function side({ bad, total }: Counts): string {
  return `${bad.toLocaleString('en')} of ${total.toLocaleString('en')}`
}
