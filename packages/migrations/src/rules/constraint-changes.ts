import type { AlterTableCmd, Constraint as ConstraintNode } from 'libpg-query'
import type { Constraint, Relation } from '../catalog/catalog.ts'
import { serverRefuses, tableEffect, targetLocks } from './alter-target.ts'
import type { AlterRule, AlterTarget } from './alter-target.ts'
import type { Effect, LockWork, Need } from './effect.ts'
import { lockOn } from './effects.ts'
import { fullName, quoted, sqlName } from './object-names.ts'
import { referencing } from './relation-family.ts'
import { nodeOf, nodesOf } from './rule-context.ts'
import { writeNeeds } from './write-needs.ts'

function constraintNames({ names }: AlterTarget, name: string): Effect['names'] {
  return { ...names, constraint: quoted(name) }
}

/** Refusal where it is known that there is no such constraint. */
function missing({ relation, names }: AlterTarget, name: string): Effect | undefined {
  if (relation.assumed || relation.constraints.has(name)) return undefined
  const problem = `constraint ${quoted(name)} of ${names['table'] ?? ''} does not exist`
  return serverRefuses(problem, { ...names, constraint: quoted(name) })
}

/** VALIDATE CONSTRAINT: SHARE UPDATE EXCLUSIVE by itself, and whatever the rest of the statement needs with others. */
export const validateConstraint: AlterRule = ({ name = '' }, target) => {
  const { relation } = target
  const refusal = missing(target, name)
  if (refusal) return [refusal]
  const constraint = relation.constraints.get(name)
  const work = constraint?.valid ? 'none' : 'scan'
  const locks = targetLocks(target, 'SHARE UPDATE EXCLUSIVE', work)
  return [
    tableEffect('validate-constraint', constraintNames(target, name), locks, { phase: 'tighten' }),
  ]
}

/** DROP CONSTRAINT. */
export const dropConstraint: AlterRule = (command, target) => {
  const { name = '', missing_ok } = command
  const constraint = target.relation.constraints.get(name)
  const refusal = missing(target, name)
  const names = constraintNames(target, name)
  if (refusal)
    return [
      missing_ok
        ? tableEffect('drop-missing', { ...names, object: quoted(name) }, targetLocks(target))
        : refusal,
    ]
  if (!constraint) return [unknownDropped(target, name)]
  if (constraint.isNew)
    return [
      tableEffect(
        'drop-new-object',
        { ...names, object: quoted(name) },
        dropLocks(constraint, target),
      ),
    ]
  return [dropped(command, constraint, target), ...keyRefusals(command, constraint, target)]
}

/** The name may be that of a key that ON CONFLICT relies on. */
function unknownDropped(target: AlterTarget, name: string): Effect {
  return tableEffect(
    'drop-constraint-unknown',
    constraintNames(target, name),
    targetLocks(target),
    {
      verdict: 'unknown',
      classes: ['compat'],
      phase: 'contract',
      removes: [{ kind: 'constraint', object: fullName(target.relation), member: name }],
    },
  )
}

function dropped(command: AlterTableCmd, constraint: Constraint, target: AlterTarget): Effect {
  const { name, kind, columns } = constraint
  const locks = dropLocks(constraint, target)
  const names = { ...constraintNames(target, name), columns: columns.map(quoted).join(', ') }
  if (kind !== 'unique' && kind !== 'primary') return tableEffect('drop-constraint', names, locks)
  if (isReplaced(command, columns, target)) return tableEffect('replace-constraint', names, locks)
  const rule = kind === 'primary' ? 'drop-primary-key' : 'drop-unique-constraint'
  return tableEffect(rule, names, locks, {
    classes: ['compat'],
    phase: 'contract',
    removes: keyNeeds(constraint, target),
  })
}

/** A key that foreign keys point at goes only by CASCADE. */
function keyRefusals(
  { behavior }: AlterTableCmd,
  { kind, name, columns }: Constraint,
  target: AlterTarget,
): Effect[] {
  const isKey = kind === 'unique' || kind === 'primary'
  if (!isKey || behavior === 'DROP_CASCADE') return []
  const users = dependents(columns, target)
  return users.map((user) =>
    serverRefuses(
      `a foreign key of ${sqlName(user)} needs ${quoted(name)}`,
      constraintNames(target, name),
    ),
  )
}

/** Tables whose foreign keys need a key on just these columns. */
function dependents(columns: readonly string[], { relation, context }: AlterTarget): Relation[] {
  return referencing(context.catalog, relation, columns[0]).filter(({ constraints }) =>
    [...constraints.values()].some(
      ({ references }) =>
        references?.relation === relation.id && sameColumns(references.columns, columns),
    ),
  )
}

function keyNeeds({ name, columns }: Constraint, { relation }: AlterTarget): Need[] {
  const object = fullName(relation)
  return [
    { kind: 'unique', object, member: columns.join(',') },
    { kind: 'constraint', object, member: name },
  ]
}

/** Dropping a key, or what it points at, takes the referencing tables along. */
function dropLocks(constraint: Constraint, target: AlterTarget): LockWork[] {
  const { kind, columns } = constraint
  const toHere = kind === 'unique' || kind === 'primary' ? dependents(columns, target) : []
  return [
    ...targetLocks(target),
    ...[referenced(constraint, target), ...toHere].flatMap((each) =>
      lockOn(each, 'ACCESS EXCLUSIVE'),
    ),
  ]
}

/** The other table that a foreign key points at. */
function referenced(
  { references }: Constraint,
  { relation, context }: AlterTarget,
): Relation | undefined {
  if (references === undefined || references.relation === relation.id) return undefined
  return context.catalog.relationById(references.relation)
}

/** Another command of the same statement puts a key on the same columns in its place, by an index that is there. */
function isReplaced(
  command: AlterTableCmd,
  columns: readonly string[],
  target: AlterTarget,
): boolean {
  const later = target.commands.slice(target.commands.indexOf(command) + 1)
  return later.some(({ def }) => {
    const constraint = nodeOf(def, 'Constraint')
    return constraint !== undefined && sameColumns(keyColumns(constraint, target), columns)
  })
}

function keyColumns(
  { contype, keys, indexname }: ConstraintNode,
  { relation, context }: AlterTarget,
): readonly string[] {
  if (contype !== 'CONSTR_UNIQUE' && contype !== 'CONSTR_PRIMARY') return []
  if (indexname === undefined) return nodesOf(keys, 'String').flatMap(({ sval }) => sval ?? [])
  return context.catalog.index({ schema: relation.schema, name: indexname })?.columns ?? []
}

function sameColumns(one: readonly string[], other: readonly string[]): boolean {
  return one.length > 0 && [...one].sort().join('\0') === [...other].sort().join('\0')
}

/** ALTER CONSTRAINT: when it is checked, and from 18 on whether at all. */
export const alterConstraint: AlterRule = ({ def }, target) => {
  const change = nodeOf(def, 'ATAlterConstraint')
  const name = change?.conname ?? ''
  const refusal = missing(target, name)
  if (refusal) return [refusal]
  const names = constraintNames(target, name)
  if (!change?.alterEnforceability)
    return [tableEffect('alter-constraint', names, targetLocks(target))]
  if (target.context.version < 18)
    return [serverRefuses('ENFORCED exists from PostgreSQL 18', names)]
  const constraint = target.relation.constraints.get(name)
  return [enforcement(change.is_enforced ?? false, constraint, target, names)]
}

function enforcement(
  isEnforced: boolean,
  constraint: Constraint | undefined,
  target: AlterTarget,
  names: Effect['names'],
): Effect {
  const away = constraint ? referenced(constraint, target) : undefined
  if (!isEnforced) {
    const locks = [...targetLocks(target), ...lockOn(away, 'ACCESS EXCLUSIVE')]
    return tableEffect('alter-constraint', names, locks)
  }
  const own = targetLocks(target, 'ACCESS EXCLUSIVE', 'scan')
  const narrows = writeNeeds(target.relation, constraint?.columns ?? [])
  return tableEffect(
    'enforce-constraint',
    names,
    [...own, ...lockOn(away, 'SHARE ROW EXCLUSIVE', 'scan')],
    { phase: 'tighten', narrows },
  )
}
