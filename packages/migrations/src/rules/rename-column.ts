import type { RenameStmt } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { serverRefuses, tableEffect } from './alter-target.ts'
import type { Effect } from './effect.ts'
import { harmless, isPrivate, lockOn } from './effects.ts'
import { partitionsOf } from './index-rules.ts'
import { fullName, quoted, rangeName, sqlName } from './object-names.ts'
import type { RuleContext } from './rule-context.ts'

/** RENAME COLUMN of a table or a view. */
export function renameColumnEffects(node: RenameStmt, context: RuleContext): readonly Effect[] {
  return named(node, context, (relation, names, locks) => {
    const from = node.subname ?? ''
    const column = relation.columns.get(from)
    if (!column && !relation.assumed)
      return serverRefuses(
        `column ${quoted(from)} of ${names['table'] ?? ''} does not exist`,
        names,
      )
    const parent =
      relation.parent === undefined ? undefined : context.catalog.relationById(relation.parent)
    if (parent?.columns.has(from))
      return serverRefuses(
        `column ${quoted(from)} can only be renamed in the parent ${sqlName(parent)}`,
        names,
      )
    if (isPrivate(relation) || column?.isNew) return harmless('rename-new-object', names, { locks })
    const removes = [relation, ...below(relation, context)].map(
      (each) => ({ kind: 'column', object: fullName(each), member: from }) as const,
    )
    return tableEffect('rename-column', names, locks, {
      classes: ['compat'],
      phase: 'contract',
      removes,
    })
  })
}

/** RENAME CONSTRAINT: only ON CONFLICT ON CONSTRAINT, and error handling, know constraints by name. */
export function renameConstraintEffects(node: RenameStmt, context: RuleContext): readonly Effect[] {
  return named(node, context, (relation, names, locks) => {
    const constraint = relation.constraints.get(node.subname ?? '')
    if (isPrivate(relation) || constraint?.isNew)
      return harmless('rename-new-object', names, { locks })
    const narrows = [
      { kind: 'constraint', object: fullName(relation), member: node.subname ?? '' },
    ] as const
    return harmless('rename-constraint', names, { locks, narrows, phase: 'contract' })
  })
}

type Rule = (
  relation: Relation,
  names: Effect['names'],
  locks: NonNullable<Effect['locks']>,
) => Effect

function named(node: RenameStmt, context: RuleContext, rule: Rule): readonly Effect[] {
  const name = rangeName(node.relation)
  const relation = context.catalog.relation(name)
  const from = quoted(node.subname ?? '')
  const names = {
    table: sqlName(name),
    column: from,
    constraint: from,
    object: from,
    name: from,
    newName: quoted(node.newname ?? ''),
  }
  if (!relation)
    return [
      node.missing_ok
        ? harmless('drop-missing', { ...names, object: names.table })
        : serverRefuses(`relation ${names.table} does not exist`, names),
    ]
  const locks = [relation, ...below(relation, context)].flatMap((each) =>
    lockOn(each, 'ACCESS EXCLUSIVE'),
  )
  return [rule(relation, names, locks)]
}

function below(relation: Relation, { catalog }: RuleContext): Relation[] {
  return relation.kind === 'partitioned' ? partitionsOf(relation, catalog.relations()) : []
}
