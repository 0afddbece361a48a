import type { Finding, Verdict } from '../finding.ts'
import type { Migration } from '../migration.ts'
import type { Phase } from '../phase.ts'
import type { Effect } from '../rules/effect.ts'
import { RULES } from '../rules/registry.ts'
import type { Place } from '../sql/statement.ts'
import type { StatementEffects } from './migration-effects.ts'

/** What a finding says beyond what its effect does. */
export type FindingDetails = Partial<
  Pick<Finding, 'release' | 'query' | 'error' | 'verdict' | 'classes' | 'message'>
>

/** The finding of an effect: the texts of its rule, filled with the names of the case. */
export function effectFinding(
  migration: Migration,
  statement: StatementEffects,
  effect: Effect,
  details: FindingDetails = {},
): Finding {
  const { rule, text = rule, classes, verdict, phase, names } = effect
  const place = effect.place ?? statement.placeOf(effect.at)
  return ruleFinding(
    { rule, text, classes, verdict, phase, names, migration, place, statement: statement.sql },
    details,
  )
}

/** What every finding is made of. */
export interface FindingFacts {
  readonly rule: string
  /** Key of its texts. @default the rule */
  readonly text?: string
  readonly classes: Finding['classes']
  readonly verdict: Verdict
  readonly phase: Phase
  readonly names: Readonly<Record<string, string>>
  readonly migration: Migration
  readonly place: Place
  readonly statement: string
}

/** The finding of a rule. */
export function ruleFinding(facts: FindingFacts, details: FindingDetails = {}): Finding {
  const { rule, classes, verdict, phase, names, migration, place, statement } = facts
  const text = RULES[facts.text ?? rule]
  const filled = (template = rule): string => fill(template, names)
  return {
    rule,
    classes,
    verdict,
    phase,
    migration: migration.id,
    file: migration.file,
    line: place.line,
    column: place.column,
    statement,
    message: filled(text?.message),
    why: filled(text?.why),
    fix: filled(text?.fix),
    ...details,
  }
}

function fill(template: string, names: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, key: string) => names[key] ?? whole)
}
