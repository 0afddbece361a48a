import type { Relation } from '../catalog/catalog.ts'
import type { FindingClass } from '../finding.ts'
import type { Effect, LockMode, LockWork, TableWork } from './effect.ts'
import { fullName } from './object-names.ts'
import type { RuleId } from './rule.ts'

type Names = Effect['names']
type More = Partial<Omit<Effect, 'rule' | 'names'>>

/** An effect that hurts nobody. */
export function harmless(rule: RuleId, names: Names = {}, more: More = {}): Effect {
  return { rule, verdict: 'safe', classes: [], phase: 'expand', names, ...more }
}

/** An effect that keeps others waiting. */
export function blocking(
  rule: RuleId,
  names: Names,
  locks: readonly LockWork[],
  more: More = {},
): Effect {
  return { rule, verdict: 'unsafe', classes: ['lock'], phase: 'expand', names, locks, ...more }
}

/** An effect that takes away something that may be in use. */
export function breaking(rule: RuleId, names: Names, more: More = {}): Effect {
  return { rule, verdict: 'unsafe', classes: ['compat'], phase: 'contract', names, ...more }
}

/** A statement that the server refuses: the migration stops there. */
export function refused(rule: RuleId, names: Names, more: More = {}): Effect {
  return {
    rule,
    verdict: 'unsafe',
    classes: ['compat'],
    phase: 'expand',
    refused: true,
    names,
    ...more,
  }
}

/** An effect that cannot be told from the text. */
export function undecided(
  rule: RuleId,
  classes: readonly FindingClass[],
  names: Names,
  more: More = {},
): Effect {
  return { rule, verdict: 'unknown', classes, phase: 'expand', names, ...more }
}

/** The lock on a relation; none where nobody else can see it yet. */
export function lockOn(
  relation: Relation | undefined,
  mode: LockMode,
  work: TableWork = 'none',
): LockWork[] {
  if (relation === undefined || isPrivate(relation)) return []
  const readersOnly = relation.kind === 'materialized-view' ? { readersOnly: true } : {}
  return [{ relation: fullName(relation), mode, work, ...readersOnly }]
}

/** Created by this plan, or seen by this session alone. */
export function isPrivate(relation: Relation | undefined): boolean {
  return relation !== undefined && (relation.isNew || relation.temporary)
}
