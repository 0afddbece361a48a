import type { Finding, Verdict } from '../finding.ts'
import { worseVerdict } from '../finding.ts'
import { laterPhase, PHASES } from '../phase.ts'
import type { Phase } from '../phase.ts'
import type { CheckedMigration, CheckReport } from '../report.ts'
import { RULES } from '../rules/registry.ts'
import type { Directive } from '../sql/statement.ts'
import { ruleFinding } from './effect-finding.ts'
import type { FindingFacts } from './effect-finding.ts'
import { endedIgnores, ignoreFindings } from './ignore.ts'
import type { Occasion } from './ignore.ts'
import type { MigrationEffects } from './migration-effects.ts'
import { pointOfNoReturn } from './point-of-no-return.ts'

/** The report on migrations whose findings are known. Pure. */
export function report(
  read: readonly MigrationEffects[],
  findingsOf: (one: MigrationEffects) => readonly Finding[],
  occasion: Occasion,
  rollbackTarget: string | undefined,
): CheckReport {
  const judged = read.map((one) => ({ one, findings: allFindings(one, findingsOf(one), occasion) }))
  const findings = judged.flatMap((each) => each.findings)
  const noReturn = pointOfNoReturn(findings, rollbackTarget)
  return {
    verdict: worst(findings),
    findings,
    migrations: judged.map((each) => checkedMigration(each.one, each.findings)),
    ...(noReturn ? { pointOfNoReturn: noReturn } : {}),
  }
}

/** The worst verdict that counts. */
export function worst(findings: readonly Finding[]): Verdict {
  return findings
    .filter(({ ignored }) => !ignored)
    .reduce<Verdict>((verdict, one) => worseVerdict(verdict, one.verdict), 'safe')
}

/** The latest phase of the statements; a migration that does nothing is an expansion. */
function inferredPhase({ statements }: MigrationEffects): Phase {
  return statements
    .flatMap(({ effects }) => effects.map(({ phase }) => phase))
    .reduce<Phase>(laterPhase, 'expand')
}

/** What the author said, in the file or beside it. */
function declaredPhase({ migration, directives }: MigrationEffects): Phase | undefined {
  const said = directives.find((one) => one.says === 'phase')?.phase
  return PHASES.find((phase) => phase === said) ?? migration.phase
}

function allFindings(
  read: MigrationEffects,
  found: readonly Finding[],
  occasion: Occasion,
): Finding[] {
  const own = [...unreadable(read), ...found]
  return [
    ...ignoreFindings(own, read, occasion),
    ...misdeclared(read),
    ...directiveFindings(read, occasion),
  ]
}

function checkedMigration(read: MigrationEffects, findings: readonly Finding[]): CheckedMigration {
  const { id, file } = read.migration
  const declared = declaredPhase(read)
  const phase = inferredPhase(read)
  return { id, file, verdict: worst(findings), phase, ...(declared ? { declared } : {}) }
}

function unreadable({ migration, unreadable: problems }: MigrationEffects): Finding[] {
  return problems.map(({ rule, place, problem, statement }) =>
    ruleFinding({ ...nothing(migration), rule, place, statement, names: { problem } }),
  )
}

/** A step that its author calls earlier than it is: what he thinks adds takes something away. */
function misdeclared(read: MigrationEffects): Finding[] {
  const { migration, statements } = read
  const declared = declaredPhase(read)
  const limit = declared === undefined ? PHASES.length : PHASES.indexOf(declared)
  const late = statements.filter(({ effects }) =>
    effects.some(({ phase }) => PHASES.indexOf(phase) > limit),
  )
  return late.map(({ sql, place, effects }) => {
    const phase = effects.map((one) => one.phase).reduce(laterPhase, 'expand')
    const names = { declared: declared ?? '', phase }
    return ruleFinding({
      ...nothing(migration),
      rule: 'phase-mismatch',
      verdict: 'unsafe',
      phase,
      classes: ['compat'],
      place,
      statement: sql,
      names,
    })
  })
}

function directiveFindings(read: MigrationEffects, occasion: Occasion): Finding[] {
  const ended = endedIgnores(read, occasion).map((one) => ({
    one,
    rule: 'ignore-ended',
    problem: one.until,
  }))
  const odd = read.directives.filter(isUnknown).map((one) => ({
    one,
    rule: 'directive-invalid',
    problem: one.says === 'phase' ? `"${one.phase}" is no phase` : `"${one.rule}" is no rule`,
  }))
  return [...ended, ...odd].map(({ one, rule, problem }) =>
    ruleFinding({
      ...nothing(read.migration),
      rule,
      place: one.place,
      statement: '',
      names: { problem, rule: one.says === 'ignore' ? one.rule : '' },
    }),
  )
}

function isUnknown(one: Directive): boolean {
  return one.says === 'phase' ? !PHASES.some((phase) => phase === one.phase) : !(one.rule in RULES)
}

/** The facts of a finding that no effect stands behind. */
function nothing(
  migration: FindingFacts['migration'],
): Omit<FindingFacts, 'rule' | 'place' | 'statement'> {
  return { classes: [], verdict: 'unknown', phase: 'expand', names: {}, migration }
}
