import { readFileSync } from 'node:fs'
import { nextPiece } from '../../src/sql/splitter.ts'
import { judgeObservation } from '../../src/oracles/judge-observation.ts'
import type { Observation, OracleSession, SchemaOracle } from '../../src/oracles/schema-oracle.ts'

const cases = new URL('../cases/', import.meta.url)

/** The schema that the cases are about, with rows. */
export const baseline = readFileSync(new URL('baseline.pg.sql', cases), 'utf8')

/** A sample case as it is written in the file. */
export interface SampleCase {
  readonly id: string
  readonly dialect: string
  readonly setup?: string
  readonly sql: string
  readonly context?: {
    readonly n1Queries?: readonly string[]
    readonly liveVersionsUsing?: readonly string[]
  }
  readonly expect: {
    readonly verdict: string
    readonly rule: string
    readonly classes: readonly string[]
    readonly conditional?: readonly string[]
    readonly warmPreparedFails?: boolean
    readonly freshFails?: boolean
  }
}

/** All sample cases for PostgreSQL. */
export function sampleCases(): readonly SampleCase[] {
  const lines = readFileSync(new URL('samples.jsonl', cases), 'utf8').trim().split('\n')
  const all = lines.map((line) => JSON.parse(line) as SampleCase)
  return all.filter(({ dialect }) => dialect === 'postgres')
}

/** The statements of a text. */
export function statementsOf(text: string): string[] {
  const found: string[] = []
  for (let at = 0; at < text.length;) {
    const { start, end, next } = nextPiece(text, at)
    if (start !== undefined) found.push(text.slice(start, end))
    at = Math.max(next, at + 1)
  }
  return found
}

/** Runs a text as a runner would that puts nothing into a transaction by itself. */
export async function runText(session: OracleSession, text: string): Promise<Observation[]> {
  const observations: Observation[] = []
  let group: string[] | undefined
  for (const sql of statementsOf(text)) {
    if (/^(begin|start transaction)\b/i.test(sql)) group = []
    else if (/^(commit|end|rollback|abort)( work| transaction)?$/i.test(sql) && group) {
      const rollback = /^(rollback|abort)/i.test(sql)
      observations.push(...(await session.run(group, { transaction: true, rollback })))
      group = undefined
    } else if (group) group.push(sql)
    else observations.push(...(await session.run([sql], { transaction: false })))
  }
  // Nobody ended it: the server takes it back when the connection is closed.
  if (group) observations.push(...(await session.run(group, { transaction: true, rollback: true })))
  return observations
}

/** Opens the schema of a case. */
export function openCase(oracle: SchemaOracle, setup = ''): Promise<OracleSession> {
  return oracle.open(`${baseline}\n${setup}`)
}

/** Whether anyone waits while the case works through a table, and whether the server refused any of it. */
export function outcomeOf(observations: readonly Observation[]): {
  locks: boolean
  fails: boolean
} {
  const done = observations.filter(({ error }) => !error)
  return {
    locks: done.some((one) => judgeObservation(one).verdict === 'unsafe'),
    fails: done.length < observations.length,
  }
}
