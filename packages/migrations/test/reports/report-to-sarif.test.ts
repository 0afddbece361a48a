import { reportToSarif } from '@changeover/migrations'
import type { CheckReport } from '@changeover/migrations'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { DROPPED, REPORT } from './sample-report.ts'

const text = z.strictObject({ text: z.string().min(1) })
const level = z.enum(['error', 'warning', 'note'])

/** What code scanning of GitHub asks for, within what SARIF 2.1.0 allows. */
const sarif = z.strictObject({
  $schema: z.literal('https://json.schemastore.org/sarif-2.1.0.json'),
  version: z.literal('2.1.0'),
  runs: z.tuple([
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string().min(1),
          rules: z.array(
            z.strictObject({
              id: z.string().max(255),
              shortDescription: z.strictObject({ text: z.string().min(1).max(1024) }),
              fullDescription: z.strictObject({ text: z.string().min(1).max(1024) }),
              help: text,
              defaultConfiguration: z.strictObject({ level }),
              properties: z.strictObject({ tags: z.array(z.string()) }),
            }),
          ),
        }),
      }),
      columnKind: z.literal('utf16CodeUnits'),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          ruleIndex: z.int().min(0),
          level,
          message: text,
          locations: z.tuple([
            z.strictObject({
              physicalLocation: z.strictObject({
                artifactLocation: z.strictObject({
                  uri: z.string().regex(/^[^\s\\,]+$/),
                  uriBaseId: z.literal('%SRCROOT%').optional(),
                }),
                region: z.strictObject({
                  startLine: z.int().min(1),
                  startColumn: z.int().min(1),
                  snippet: text.optional(),
                }),
              }),
            }),
          ]),
          partialFingerprints: z.strictObject({
            primaryLocationLineHash: z.string().regex(/^[0-9a-f]{16}:\d+$/),
          }),
          suppressions: z
            .array(
              z.strictObject({ kind: z.literal('inSource'), justification: z.string().min(1) }),
            )
            .optional(),
          properties: z.record(z.string(), z.unknown()),
        }),
      ),
      properties: z.record(z.string(), z.unknown()),
    }),
  ]),
})

function read(report: CheckReport) {
  const [run] = sarif.parse(JSON.parse(reportToSarif(report))).runs
  return { ...run, rules: run.tool.driver.rules }
}

function fingerprints(report: CheckReport): string[] {
  return read(report).results.map((one) => one.partialFingerprints.primaryLocationLineHash)
}

test('SARIF has what code scanning of GitHub asks for', () => {
  const { results, rules } = read(REPORT)
  expect(results.map((one) => [one.ruleId, one.level])).toEqual([
    ['create-index-blocking', 'error'],
    ['create-unique-index', 'note'],
    ['drop-column', 'error'],
    ['drop-column', 'error'],
    ['syntax-error', 'error'],
  ])
  expect(results.map((one) => rules[one.ruleIndex]?.id)).toEqual(results.map((one) => one.ruleId))
})

test('SARIF shows what is ignored as suppressed, with the reason and the end', () => {
  const suppressed = read(REPORT).results.filter((one) => one.suppressions)
  expect(suppressed).toMatchObject([
    {
      ruleId: 'create-index-blocking',
      suppressions: [{ justification: 'the table is small (until 2.5.0)' }],
    },
  ])
})

test('SARIF says which query of which release breaks', () => {
  const [, , , broken] = read(REPORT).results
  expect(broken?.message.text).toContain('Breaks release 1.1.0: SELECT bio FROM users')
  expect(broken?.properties).toMatchObject({ release: '1.1.0', query: 'SELECT bio FROM users' })
})

test.each([
  ['./db/2 drop, 100%.sql', { uri: 'db/2%20drop%2C%20100%25.sql', uriBaseId: '%SRCROOT%' }],
  ['db\\ärger.sql', { uri: 'db/%C3%A4rger.sql', uriBaseId: '%SRCROOT%' }],
  ['/srv/db/1.sql', { uri: 'file:///srv/db/1.sql' }],
  ['C:\\db\\1.sql', { uri: 'file:///C:/db/1.sql' }],
])('SARIF gives the path %s as an address', (file, artifactLocation) => {
  const { results } = read({ ...REPORT, findings: [{ ...DROPPED, file }] })
  expect(results[0]?.locations[0].physicalLocation.artifactLocation).toEqual(artifactLocation)
})

test('A fingerprint stays when the statement moves, and differs between all findings of a report', () => {
  const moved = REPORT.findings.map((one) => ({ ...one, line: one.line + 7, column: 1 }))
  expect(fingerprints({ ...REPORT, findings: moved })).toEqual(fingerprints(REPORT))
  const twice = { ...REPORT, findings: [...REPORT.findings, ...REPORT.findings] }
  expect(new Set(fingerprints(twice)).size).toBe(REPORT.findings.length * 2)
})
