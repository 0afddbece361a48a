import type { ColumnDef, Constraint, Node } from 'libpg-query'
import { columnNames, serverRefuses, tableEffect, targetLocks } from './alter-target.ts'
import type { AlterRule, AlterTarget } from './alter-target.ts'
import { onlyRefusal, partitionRefusal } from './column-refusals.ts'
import type { Effect, Need, TableWork } from './effect.ts'
import { harmless, lockOn } from './effects.ts'
import { volatilityOf } from './expression-volatility.ts'
import { fullName, quoted, rangeName, sqlName } from './object-names.ts'
import type { RuleId } from './rule.ts'
import { findAll, nodeOf, nodesOf } from './rule-context.ts'
import { isSerial, typeText } from './type-text.ts'

/** The column to add, taken apart. */
interface NewColumn {
  readonly def: ColumnDef
  readonly name: string
  readonly constraints: readonly Constraint[]
  readonly target: AlterTarget
  readonly names: Effect['names']
}

/** ADD COLUMN. */
export const addColumn: AlterRule = ({ def, missing_ok }, target) => {
  const column = nodeOf(def, 'ColumnDef')
  if (!column) return []
  const taken = clash(column.colname ?? '', missing_ok ?? false, target)
  if (taken) return taken
  const added = newColumn(column, target)
  return [
    ...partitionRefusal(target, added.name),
    ...onlyRefusal(target, added.name),
    { ...filling(added), adds: meets(added) },
    ...nodesOf(column.constraints, 'Constraint').flatMap((each) => constraintEffects(each, added)),
  ]
}

function clash(name: string, ifMissing: boolean, target: AlterTarget): Effect[] | undefined {
  const { relation, names, commands } = target
  const dropped = commands.some((each) => each.subtype === 'AT_DropColumn' && each.name === name)
  if (!relation.columns.has(name) || dropped) return undefined
  const object = `${names['table'] ?? ''}.${quoted(name)}`
  if (ifMissing) return [harmless('already-exists', { object }, { locks: targetLocks(target) })]
  return [serverRefuses(`column ${object} already exists`, columnNames(target, name))]
}

/** Whoever writes the name unqualified may mean another column; a star brings it along. */
function meets({ name, target: { relation } }: NewColumn): Need[] {
  const object = fullName(relation)
  return [
    { kind: 'name', object, member: name },
    { kind: 'shape', object },
  ]
}

function newColumn(def: ColumnDef, target: AlterTarget): NewColumn {
  const name = def.colname ?? ''
  const constraints = nodesOf(def.constraints, 'Constraint')
  const type = typeText(target.context.catalog.columnType(def.typeName ?? {}))
  return { def, name, constraints, target, names: { ...columnNames(target, name), type } }
}

/** How the rows that are there get their value, which decides between metadata and a rewrite. */
function filling(added: NewColumn): Effect {
  if (isSerial(typeName(added))) return filled('add-column-serial', 'rewrite', added)
  if (has(added, 'CONSTR_IDENTITY')) return filled('add-column-identity', 'rewrite', added)
  const generated = has(added, 'CONSTR_GENERATED')
  if (generated) return generatedColumn(generated, added)
  if (isConstrainedDomain(added)) return filled('add-column-constrained-domain', 'rewrite', added)
  const value = defaultOf(added)
  return value ? defaultEffect(value, added) : unfilled(added)
}

function filled(rule: RuleId, work: TableWork, { target, names, def }: NewColumn): Effect {
  const at = def.location === undefined ? {} : { at: def.location }
  return tableEffect(rule, names, targetLocks(target, 'ACCESS EXCLUSIVE', work), at)
}

function generatedColumn({ generated_kind }: Constraint, added: NewColumn): Effect {
  if (generated_kind !== 'v') return filled('add-column-generated-stored', 'rewrite', added)
  if (added.target.context.version >= 18)
    return filled('add-column-generated-virtual', 'none', added)
  return serverRefuses('virtual generated columns exist from PostgreSQL 18', added.names)
}

function defaultEffect(value: Node, added: NewColumn): Effect {
  const { catalog, version } = added.target.context
  if (findAll(value, 'ColumnRef').length > 0 || findAll(value, 'SubLink').length > 0)
    return serverRefuses('a default can name no column and hold no query', added.names)
  const volatility = volatilityOf(value, catalog)
  if (volatility === 'volatile') return filled('add-column-volatile-default', 'rewrite', added)
  if (version < 11) return filled('add-column-default-before-11', 'rewrite', added)
  if (volatility === 'unknown') return unknownDefault(added)
  return filled(`add-column-default-${volatility}`, 'none', added)
}

function unknownDefault({ target, names }: NewColumn): Effect {
  const locks = targetLocks(target)
  return tableEffect('add-column-unknown-default', names, locks, {
    verdict: 'unknown',
    classes: ['lock'],
  })
}

function unfilled(added: NewColumn): Effect {
  if (isRequired(added)) {
    const { target, names } = added
    return tableEffect('add-column-required', names, targetLocks(target), {
      classes: ['compat'],
      removes: [{ kind: 'insert', object: fullName(target.relation), member: '*' }],
      phase: 'tighten',
      refused: true,
    })
  }
  return filled(typeName(added) === 'json' ? 'add-column-json' : 'add-column', 'none', added)
}

function constraintEffects(constraint: Constraint, added: NewColumn): Effect[] {
  const { target, names } = added
  const named = {
    ...names,
    constraint: quoted(
      constraint.conname ?? `${target.relation.name}_${added.name}_${suffix(constraint)}`,
    ),
  }
  if (constraint.contype === 'CONSTR_UNIQUE')
    return [work('add-unique-constraint', 'index-build', target, named)]
  if (constraint.contype === 'CONSTR_PRIMARY')
    return [work('add-primary-key', 'index-build', target, named)]
  if (constraint.contype === 'CONSTR_FOREIGN') return [references(constraint, added, named)]
  if (constraint.contype === 'CONSTR_NOTNULL') return notNull(added, named)
  if (constraint.contype !== 'CONSTR_CHECK' || has(added, 'CONSTR_ATTR_NOT_ENFORCED')) return []
  return [work('add-column-check', 'scan', target, named)]
}

/** A virtual column is computed for each row in order to see that it is never null. */
function notNull(added: NewColumn, names: Effect['names']): Effect[] {
  if (has(added, 'CONSTR_GENERATED')?.generated_kind !== 'v') return []
  return [work('set-not-null', 'scan', added.target, names)]
}

function references(constraint: Constraint, added: NewColumn, names: Effect['names']): Effect {
  const { target } = added
  const other = target.context.catalog.relation(rangeName(constraint.pktable))
  const checked = hasValues(added) && !has(added, 'CONSTR_ATTR_NOT_ENFORCED')
  const of = other && other.id !== target.relation.id ? other : undefined
  const locks = [
    ...targetLocks(target, 'ACCESS EXCLUSIVE', checked ? 'scan' : 'none'),
    ...lockOn(of, 'SHARE ROW EXCLUSIVE', checked ? 'scan' : 'none'),
  ]
  const referenced = sqlName(rangeName(constraint.pktable))
  const rule = checked ? 'add-column-references-default' : 'add-column-references'
  return tableEffect(rule, { ...names, referenced }, locks, {
    phase: checked ? 'tighten' : 'expand',
  })
}

function work(rule: RuleId, kind: TableWork, target: AlterTarget, names: Effect['names']): Effect {
  const columns = names['column'] ?? ''
  return tableEffect(rule, { ...names, columns }, targetLocks(target, 'ACCESS EXCLUSIVE', kind))
}

function suffix({ contype }: Constraint): string {
  if (contype === 'CONSTR_UNIQUE') return 'key'
  if (contype === 'CONSTR_FOREIGN') return 'fkey'
  return contype === 'CONSTR_CHECK' ? 'check' : 'pkey'
}

function has({ constraints }: NewColumn, contype: Constraint['contype']): Constraint | undefined {
  return constraints.find((each) => each.contype === contype)
}

/** The expression after DEFAULT; one that says NULL is none. */
function defaultOf(added: NewColumn): Node | undefined {
  const value = has(added, 'CONSTR_DEFAULT')?.raw_expr
  return value && isNull(value) ? undefined : value
}

function isNull(value: Node): boolean {
  const cast = nodeOf(value, 'TypeCast')
  return cast?.arg ? isNull(cast.arg) : (nodeOf(value, 'A_Const')?.isnull ?? false)
}

function hasValues(added: NewColumn): boolean {
  const sources = ['CONSTR_IDENTITY', 'CONSTR_GENERATED'] as const
  return isSerial(typeName(added)) || !!defaultOf(added) || sources.some((each) => has(added, each))
}

function isRequired(added: NewColumn): boolean {
  return !!has(added, 'CONSTR_NOTNULL') || !!has(added, 'CONSTR_PRIMARY')
}

function typeName({ def }: NewColumn): string {
  return nodesOf(def.typeName?.names, 'String').at(-1)?.sval ?? ''
}

function isConstrainedDomain({ def, target }: NewColumn): boolean {
  const { catalog } = target.context
  const { schema, name, array } = catalog.columnType(def.typeName ?? {})
  const type = array ? undefined : catalog.type(schema === undefined ? { name } : { schema, name })
  return type?.kind === 'domain' && type.constrained
}
