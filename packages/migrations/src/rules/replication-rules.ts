import type { CreatePublicationStmt } from 'libpg-query'
import type { Catalog, Relation } from '../catalog/catalog.ts'
import type { Effect } from './effect.ts'
import { breaking, harmless, lockOn } from './effects.ts'
import { fullName, quoted, rangeName, sqlName } from './object-names.ts'
import { nodeOf, nodesOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'

/** CREATE PUBLICATION: a table without a primary key can no longer be updated once its changes are published. */
export function createPublicationEffects(
  node: CreatePublicationStmt,
  { catalog }: RuleContext,
): readonly Effect[] {
  const names = { publication: quoted(node.pubname ?? '') }
  const listed = publishedTables(node, catalog)
  const locks = node.for_all_tables
    ? []
    : listed.flatMap((each) => lockOn(each, 'SHARE UPDATE EXCLUSIVE'))
  const created = harmless('create-publication', names, { locks })
  const stuck = publishesChanges(node) ? listed.filter(hasNoIdentity) : []
  return [created, ...stuck.map((table) => withoutIdentity(table, names))]
}

function publishedTables(node: CreatePublicationStmt, catalog: Catalog): Relation[] {
  if (node.for_all_tables) return [...catalog.relations()]
  const specs = nodesOf(node.pubobjects, 'PublicationObjSpec')
  return specs.flatMap(({ pubtable }) => catalog.relation(rangeName(pubtable?.relation)) ?? [])
}

function publishesChanges({ options }: CreatePublicationStmt): boolean {
  const publish = nodesOf(options, 'DefElem').find(({ defname }) => defname === 'publish')
  return publish === undefined || /update|delete/.test(nodeOf(publish.arg, 'String')?.sval ?? '')
}

function hasNoIdentity({ kind, assumed, isNew, temporary, constraints }: Relation): boolean {
  const known = kind === 'table' && !assumed && !isNew && !temporary
  return known && ![...constraints.values()].some((each) => each.kind === 'primary')
}

function withoutIdentity(table: Relation, names: Effect['names']): Effect {
  const narrows = [{ kind: 'relation' as const, object: fullName(table) }]
  return breaking(
    'publication-without-identity',
    { ...names, table: sqlName(table) },
    { phase: 'tighten', narrows },
  )
}
