import type { CheckReport } from '../report.ts'

/** Every key that is written, in the order in which it is. */
const KEYS = `version verdict pointOfNoReturn migrations findings
  rule classes phase declared migration id file line column statement
  message why fix release releases query
  error code ignored reason until`.split(/\s+/)

/**
 * A report as JSON: that of `CheckReport` with `version: 1` before it. Within a version, keys are added and never changed;
 * their order is fixed, so that two reports can be compared as text. `pointOfNoReturn` is null where there is none. Pure.
 *
 * @example
 * ```ts
 * await writeFile('migrations.json', reportToJson(report))
 * ```
 */
export function reportToJson(report: CheckReport): string {
  const whole = { version: 1, ...report, pointOfNoReturn: report.pointOfNoReturn ?? null }
  return `${JSON.stringify(whole, KEYS, 2)}\n`
}
