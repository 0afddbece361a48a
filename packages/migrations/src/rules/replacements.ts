import type { CreateFunctionStmt, Node, ObjectWithArgs } from 'libpg-query'
import type { Catalog, ObjectName, Relation } from '../catalog/catalog.ts'
import type { Effect, Need } from './effect.ts'
import { undecided } from './effects.ts'
import { listName, rangeName } from './object-names.ts'
import { nodeOf, nodesOf } from './rule-context.ts'
import type { JudgedStatement } from './judged-statement.ts'

/** The effects of a statement, less what the same transaction puts back: others see its end alone. */
export function softened(
  one: JudgedStatement,
  all: readonly JudgedStatement[],
  after: Catalog,
): readonly Effect[] {
  return one.effects.map((effect) => {
    const applies = effect.classes.includes('compat') && !effect.refused && effect.removes?.length
    return applies ? soften(effect, one, all, after) : effect
  })
}

function soften(
  effect: Effect,
  one: JudgedStatement,
  all: readonly JudgedStatement[],
  after: Catalog,
): Effect {
  const removes = (effect.removes ?? []).map((need) => ({
    ...need,
    object: formerName(need.object, one, all),
  }))
  const left = removes.filter((need) => !isBack(need, one, all, after))
  if (left.length === removes.length) return swapped({ ...effect, removes }, after)
  const lostColumns =
    (left.length === 0 || effect.rule !== 'rename-table') &&
    left.every((need) => need.kind === 'column' && isView(need, after))
  return lostColumns ? replaced(effect, left) : { ...effect, removes: left }
}

/** What those who are running call a table that the same transaction has renamed before. */
function formerName(object: string, one: JudgedStatement, all: readonly JudgedStatement[]): string {
  return all.slice(0, all.indexOf(one)).reduceRight((name, { statement, effects }) => {
    const { newname, renameType } = nodeOf(statement.node, 'RenameStmt') ?? {}
    if (renameType !== 'OBJECT_TABLE' || splitName(name).name !== newname) return name
    const old = effects[0]?.removes?.find(({ kind }) => kind === 'relation')
    return old && splitName(old.object).schema === splitName(name).schema ? old.object : name
  }, object)
}

/** What is left of an effect once its object is there again. */
function replaced(effect: Effect, removes: readonly Need[]): Effect {
  const classes = effect.classes.filter((each) => each !== 'compat')
  const missing = removes.map(({ member = '' }) => member).join(', ') || 'nothing'
  const names = {
    ...effect.names,
    missing,
    object: effect.names['object'] ?? effect.removes?.[0]?.object ?? '',
  }
  const verdict = classes.length > 0 ? effect.verdict : 'safe'
  return {
    ...effect,
    rule: REPLACEMENTS[effect.rule] ?? 'replace-object',
    phase: 'expand',
    verdict,
    classes,
    names,
    removes,
  }
}

const REPLACEMENTS: Readonly<Record<string, string>> = {
  'drop-view': 'recreate-view',
  'rename-view': 'recreate-view',
  'drop-materialized-view': 'recreate-view',
  'rename-materialized-view': 'recreate-view',
  'rename-table': 'rename-table-with-view',
  'set-schema': 'rename-table-with-view',
}

/** A table under the name of another one: whether the rows came along, the text does not tell. */
function swapped(effect: Effect, after: Catalog): Effect {
  if (effect.rule !== 'rename-table') return effect
  const lost = effect.removes?.find(({ kind }) => kind === 'relation')
  const now = lost && after.relation(splitName(lost.object))
  if (!now || now.assumed || now.kind === 'view') return effect
  return undecided('swap-table', ['compat', 'data'], effect.names, {
    locks: effect.locks ?? [],
    removes: effect.removes ?? [],
    phase: 'contract',
  })
}

function isBack(
  need: Need,
  one: JudgedStatement,
  all: readonly JudgedStatement[],
  after: Catalog,
): boolean {
  if (need.kind === 'function') return functionIsBack(need, one, all)
  const relation = after.relation(splitName(need.object))
  if (!relation || relation.assumed) return false
  if (need.kind === 'relation') return relationIsBack(relation, one, all)
  if (need.kind === 'column') return stands(relation, one, all) && hasColumn(relation, need.member)
  if (need.kind === 'constraint') return relation.constraints.has(need.member ?? '')
  return need.kind === 'unique' && isUnique(relation, need.member)
}

function hasColumn({ columns }: Relation, member: string | undefined): boolean {
  return columns.size === 0 || columns.has(member ?? '')
}

function relationIsBack(
  relation: Relation,
  one: JudgedStatement,
  all: readonly JudgedStatement[],
): boolean {
  return stands(relation, one, all)
}

/** A view may stand in for a view, and a plain one for a table, which is written through it. */
function stands(
  relation: Relation,
  { effects }: JudgedStatement,
  all: readonly JudgedStatement[],
): boolean {
  const wasTable = effects.some(({ rule }) => rule === 'rename-table' || rule === 'set-schema')
  if (relation.kind === 'materialized-view')
    return effects.some(({ rule }) => rule === 'drop-materialized-view')
  if (relation.kind !== 'view' || effects.some(({ rule }) => rule === 'drop-table')) return false
  return !wasTable || all.some(({ statement }) => isPlainView(statement.node, relation))
}

/** One table, no grouping: the server lets it be written and locked. */
function isPlainView(node: Node, { name }: Relation): boolean {
  const view = nodeOf(node, 'ViewStmt')
  if (!view || rangeName(view.view).name !== name) return false
  const select = nodeOf(view.query, 'SelectStmt')
  const sources = select?.fromClause ?? []
  const shaped =
    select?.groupClause ?? select?.distinctClause ?? select?.limitCount ?? select?.havingClause
  const single = sources.length === 1 && nodesOf(sources, 'RangeVar').length === 1
  return single && !shaped && !select?.withClause && (select?.op ?? 'SETOP_NONE') === 'SETOP_NONE'
}

function isView({ object }: Need, after: Catalog): boolean {
  const kind = after.relation(splitName(object))?.kind
  return kind === 'view' || kind === 'materialized-view'
}

function isUnique({ indexes, constraints }: Relation, member = ''): boolean {
  const columns = member.split(',').toSorted().join()
  const keys = [...constraints.values()].filter(
    ({ kind }) => kind === 'unique' || kind === 'primary',
  )
  const unique = [...indexes.values()].filter((each) => each.unique && !each.partial)
  return [...keys, ...unique].some((each) => each.columns.toSorted().join() === columns)
}

/** A function of the same name that takes the same arguments. */
function functionIsBack(
  { object }: Need,
  one: JudgedStatement,
  all: readonly JudgedStatement[],
): boolean {
  const { name } = splitName(object)
  const dropped = nodesOf(nodeOf(one.statement.node, 'DropStmt')?.objects, 'ObjectWithArgs')
  const old = dropped.find(({ objname }) => listName(objname).name === name)
  const later = all
    .slice(all.indexOf(one) + 1)
    .flatMap(({ statement }) => nodeOf(statement.node, 'CreateFunctionStmt') ?? [])
  return later.some((made) => listName(made.funcname).name === name && takes(made, old))
}

function takes({ parameters }: CreateFunctionStmt, old: ObjectWithArgs | undefined): boolean {
  if (!old || old.args_unspecified) return true
  const ins = nodesOf(parameters, 'FunctionParameter').filter(
    ({ mode }) => mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE',
  )
  const wanted = nodesOf(old.objargs, 'TypeName').map(({ names }) => listName(names).name)
  const offered = ins.map(({ argType }) => listName(argType?.names).name)
  const required = ins.filter(({ defexpr }) => defexpr === undefined).length
  return required <= wanted.length && wanted.every((type, place) => offered[place] === type)
}

function splitName(object: string): ObjectName {
  const [schema = '', ...rest] = object.split('.')
  return { schema, name: rest.join('.') }
}
