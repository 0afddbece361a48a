import type { Constraint, Node } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { serverRefuses, tableEffect, targetLocks } from './alter-target.ts'
import type { AlterRule, AlterTarget } from './alter-target.ts'
import type { Effect, LockWork, Need } from './effect.ts'
import { lockOn } from './effects.ts'
import { addNotNull, proves } from './not-null.ts'
import { quoted, rangeName, sqlName } from './object-names.ts'
import { findAll, nodeOf, nodesOf } from './rule-context.ts'
import { anyWriteNeed, valueNeeds, writeNeeds } from './write-needs.ts'

type ConstraintRule = (
  constraint: Constraint,
  target: AlterTarget,
  names: Effect['names'],
) => readonly Effect[]

/** ADD CONSTRAINT. */
export const addConstraint: AlterRule = ({ def }, target) => {
  const constraint = nodeOf(def, 'Constraint')
  const rule = constraint?.contype && CONSTRAINTS[constraint.contype]
  if (!constraint || !rule) return []
  return rule(constraint, target, constraintNames(constraint, target)).map((effect) =>
    placed(effect, constraint),
  )
}

function placed(effect: Effect, { location }: Constraint): Effect {
  return location === undefined ? effect : { ...effect, at: location }
}

function constraintNames(
  constraint: Constraint,
  { names, relation }: AlterTarget,
): Effect['names'] {
  const keys = columnsOf(constraint)
  const name =
    constraint.conname ??
    [relation.name, ...keys, SUFFIXES[constraint.contype ?? 'CONSTR_CHECK'] ?? 'check'].join('_')
  return {
    ...names,
    constraint: quoted(name),
    columns: keys.map(quoted).join(', '),
    index: quoted(constraint.indexname ?? name),
  }
}

const SUFFIXES: Partial<Record<NonNullable<Constraint['contype']>, string>> = {
  CONSTR_UNIQUE: 'key',
  CONSTR_PRIMARY: 'pkey',
  CONSTR_FOREIGN: 'fkey',
  CONSTR_EXCLUSION: 'excl',
}

function columnsOf({ keys, fk_attrs, exclusions, raw_expr }: Constraint): string[] {
  const named = nodesOf(keys ?? fk_attrs, 'String').flatMap(({ sval }) => sval ?? [])
  const excluded = nodesOf(exclusions, 'List').flatMap(({ items }) =>
    nodesOf(items, 'IndexElem').flatMap(({ name }) => name ?? []),
  )
  return [...new Set([...named, ...excluded, ...mentioned(raw_expr)])]
}

/** Columns that an expression mentions. */
function mentioned(expression: Node | undefined): string[] {
  return findAll(expression, 'ColumnRef').flatMap(
    ({ fields }) => nodesOf(fields, 'String').at(-1)?.sval ?? [],
  )
}

function needs(constraint: Constraint, { relation }: AlterTarget): Need[] {
  const columns = columnsOf(constraint)
  const nullMatters =
    constraint.contype === 'CONSTR_CHECK' || constraint.contype === 'CONSTR_PRIMARY'
  return nullMatters ? writeNeeds(relation, columns) : valueNeeds(relation, columns)
}

const check: ConstraintRule = (constraint, target, names) => {
  const unchecked = constraint.skip_validation ? [anyWriteNeed(target.relation)] : []
  const narrows = [...needs(constraint, target), ...unchecked]
  if (isNotEnforced(constraint)) return [notEnforced(names, targetLocks(target), target)]
  const rule = constraint.skip_validation ? 'add-check-not-valid' : 'add-check-valid'
  const locks = targetLocks(
    target,
    'ACCESS EXCLUSIVE',
    constraint.skip_validation ? 'none' : 'scan',
  )
  return [tableEffect(rule, names, locks, { phase: 'tighten', narrows })]
}

const unique: ConstraintRule = (constraint, target, names) => {
  if (constraint.indexname !== undefined) return [usingIndex(constraint, target, names)]
  const locks = targetLocks(target, 'ACCESS EXCLUSIVE', 'index-build')
  const rule = constraint.contype === 'CONSTR_PRIMARY' ? 'add-primary-key' : 'add-unique-constraint'
  return [tableEffect(rule, names, locks, { phase: 'tighten', narrows: needs(constraint, target) })]
}

/** The index is there; what is left is metadata, and for a primary key the proof that no column is null. */
function usingIndex(constraint: Constraint, target: AlterTarget, names: Effect['names']): Effect {
  const { relation, context } = target
  const index = context.catalog.index({ schema: relation.schema, name: constraint.indexname ?? '' })
  if (index && !index.unique)
    return serverRefuses(`index ${names['index'] ?? ''} is not unique`, names)
  if (index?.partial)
    return serverRefuses(`index ${names['index'] ?? ''} is partial or on an expression`, names)
  if (constraint.contype !== 'CONSTR_PRIMARY')
    return tableEffect('add-constraint-using-index', names, targetLocks(target), {
      phase: 'tighten',
    })
  if (!index)
    return tableEffect('add-primary-key-nullable', names, targetLocks(target), {
      verdict: 'unknown',
      classes: ['lock'],
      phase: 'tighten',
    })
  const nullable = index.columns.filter((column) => !isProved(relation, column, target))
  const named = {
    ...names,
    columns: index.columns.map(quoted).join(', '),
    column: quoted(nullable[0] ?? ''),
  }
  if (nullable.length === 0)
    return tableEffect('add-constraint-using-index', named, targetLocks(target), {
      phase: 'tighten',
    })
  const locks = targetLocks(target, 'ACCESS EXCLUSIVE', 'scan')
  return tableEffect('add-primary-key-nullable', named, locks, {
    phase: 'tighten',
    narrows: writeNeeds(relation, nullable),
  })
}

function isProved(relation: Relation, column: string, { context }: AlterTarget): boolean {
  return (
    relation.columns.get(column)?.notNull === true ||
    (context.version >= 12 && proves(relation, column))
  )
}

const exclusion: ConstraintRule = (constraint, target, names) => [
  tableEffect(
    'add-exclude-constraint',
    names,
    targetLocks(target, 'ACCESS EXCLUSIVE', 'index-build'),
    {
      phase: 'tighten',
      narrows: needs(constraint, target),
    },
  ),
]

const foreign: ConstraintRule = (constraint, target, names) => {
  const { relation, context } = target
  const referenced = sqlName(rangeName(constraint.pktable))
  const named = {
    ...names,
    referenced,
    key: nodesOf(constraint.pk_attrs, 'String')
      .map(({ sval = '' }) => quoted(sval))
      .join(', '),
  }
  if (isNotEnforced(constraint))
    return [notEnforced(named, foreignLocks(constraint, target, false), target)]
  const unchecked = constraint.skip_validation === true
  if (unchecked && relation.kind === 'partitioned' && context.version < 18)
    return [
      serverRefuses(
        'a foreign key of a partitioned table can be NOT VALID from PostgreSQL 18',
        named,
      ),
    ]
  const rule = unchecked ? 'add-foreign-key-not-valid' : 'add-foreign-key'
  const locks = foreignLocks(constraint, target, !unchecked)
  return [tableEffect(rule, named, locks, { phase: 'tighten', narrows: needs(constraint, target) })]
}

function foreignLocks(constraint: Constraint, target: AlterTarget, checks: boolean): LockWork[] {
  const other = target.context.catalog.relation(rangeName(constraint.pktable))
  const work = checks && !target.relation.isNew ? 'scan' : 'none'
  const away = other?.id === target.relation.id ? [] : lockOn(other, 'SHARE ROW EXCLUSIVE', work)
  return [...targetLocks(target, 'SHARE ROW EXCLUSIVE', work), ...away]
}

function isNotEnforced({ is_enforced }: Constraint): boolean {
  return is_enforced !== true
}

function notEnforced(
  names: Effect['names'],
  locks: readonly LockWork[],
  { context }: AlterTarget,
): Effect {
  if (context.version < 18) return serverRefuses('NOT ENFORCED exists from PostgreSQL 18', names)
  return tableEffect('add-constraint-not-enforced', names, locks)
}

const CONSTRAINTS: Partial<Record<NonNullable<Constraint['contype']>, ConstraintRule>> = {
  CONSTR_CHECK: check,
  CONSTR_UNIQUE: unique,
  CONSTR_PRIMARY: unique,
  CONSTR_EXCLUSION: exclusion,
  CONSTR_FOREIGN: foreign,
  CONSTR_NOTNULL: addNotNull,
}
