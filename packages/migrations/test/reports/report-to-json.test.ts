import { reportToJson } from '@changeover/migrations'
import type { CheckReport } from '@changeover/migrations'
import { expect, test } from 'vitest'
import { REPORT } from './sample-report.ts'

test('The JSON is the report with a version before it', () => {
  expect(JSON.parse(reportToJson(REPORT))).toEqual({ version: 1, ...REPORT })
})

test('The JSON of a report without a point of no return says null', () => {
  const report: CheckReport = { verdict: 'safe', findings: [], migrations: [] }
  expect(reportToJson(report)).toBe(`{
  "version": 1,
  "verdict": "safe",
  "pointOfNoReturn": null,
  "migrations": [],
  "findings": []
}
`)
})

test('The JSON does not depend on the order in which the report was put together', () => {
  const {
    verdict,
    findings,
    migrations,
    pointOfNoReturn = { migration: '', file: '', line: 1, releases: [] },
  } = REPORT
  const turned = findings.map((one) => {
    const entries = Object.entries(one).toReversed()
    return Object.fromEntries(entries) as unknown as typeof one
  })
  const other = { pointOfNoReturn, migrations, findings: turned, verdict }
  expect(reportToJson(other)).toBe(reportToJson(REPORT))
})
