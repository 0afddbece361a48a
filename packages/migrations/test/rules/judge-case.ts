import { readFileSync } from 'node:fs'
import { worseVerdict } from '../../src/finding.ts'
import type { FindingClass, Verdict } from '../../src/finding.ts'
import { loadCatalog } from '../../src/catalog/create-catalog.ts'
import type { MutableCatalog } from '../../src/catalog/create-catalog.ts'
import type { TransactionMode } from '../../src/migration.ts'
import type { Effect } from '../../src/rules/effect.ts'
import { judgeStatements } from '../../src/rules/judge-statements.ts'
import type { JudgedStatement } from '../../src/rules/judged-statement.ts'
import { readScripts } from '../../src/sql/read-scripts.ts'
import type { Case } from '../cases/case.ts'

/** The schema that all cases are about. */
const BASELINE: string = readFileSync(new URL('../cases/baseline.pg.sql', import.meta.url), 'utf8')

/** What the rules make of a case. */
export interface Judgement {
  readonly statements: readonly JudgedStatement[]
  readonly effects: readonly Effect[]
  readonly verdict: Verdict
  /** Sorted. */
  readonly classes: readonly FindingClass[]
  readonly rules: readonly string[]
}

/** Judges a case as one migration on the baseline and its setup. The parser has to be loaded before. */
export function judgeCase(
  one: Pick<Case, 'setup' | 'sql'>,
  version = 15,
  mode: TransactionMode = 'none',
): Judgement {
  return judgeOn(loadCatalog(`${BASELINE}\n${one.setup ?? ''}`), one.sql, version, mode)
}

/** Judges one migration on a catalog. */
export function judgeOn(
  catalog: MutableCatalog,
  sql: string,
  version = 15,
  mode: TransactionMode = 'none',
): Judgement {
  const [script] = readScripts([{ id: 'case', file: 'case.sql', sql }], mode)
  return judgement(judgeStatements(script?.statements ?? [], catalog, { version }))
}

function judgement(statements: readonly JudgedStatement[]): Judgement {
  const effects = statements.flatMap((each) => each.effects)
  return {
    statements,
    effects,
    verdict: effects.map(({ verdict }) => verdict).reduce(worseVerdict, 'safe'),
    classes: [...new Set(effects.flatMap(({ classes }) => classes))].sort(),
    rules: effects.map(({ rule }) => rule),
  }
}
