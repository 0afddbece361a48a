import type { Catalog, Column, Relation } from '../../src/catalog/catalog.ts'
import type { Picture } from './server-picture.ts'

const CONSTRAINT_LETTERS = {
  check: 'c',
  'not-null': 'n',
  unique: 'u',
  primary: 'p',
  foreign: 'f',
  exclude: 'x',
} as const

/** The facts of a catalog in the words of {@link Picture}; types and functions by the names that are given. */
export function catalogPicture(
  catalog: Catalog,
  typeNames: readonly string[],
  functionNames: readonly string[],
): Picture {
  const relations = [...catalog.relations()].flatMap((relation) => relationFacts(catalog, relation))
  return [
    ...relations,
    ...typeFacts(catalog, typeNames),
    ...functionFacts(catalog, functionNames),
  ].toSorted()
}

function relationFacts(catalog: Catalog, relation: Relation): string[] {
  const { schema, name, kind, parent, ownedBy } = relation
  const facts = [`relation ${schema}.${name} ${kind}`]
  ;[...relation.columns.values()].forEach((column, place) =>
    facts.push(columnFact(relation, column, place + 1)),
  )
  for (const index of relation.indexes.values()) {
    facts.push(
      `index ${index.schema}.${index.name} on ${name} (${index.columns.join(',')}) ${flag(index.unique)} ${flag(index.partial)}`,
    )
  }
  for (const one of relation.constraints.values()) {
    const columns = one.columns.toSorted().join(',')
    facts.push(
      `constraint ${schema}.${one.name} on ${name} ${CONSTRAINT_LETTERS[one.kind]} (${columns}) ${flag(one.valid)}`,
    )
  }
  if (parent !== undefined) facts.push(`parent ${nameOf(catalog, parent)} of ${name}`)
  for (const [id, columns] of relation.reads) {
    for (const column of columns) facts.push(`view ${name} reads ${nameOf(catalog, id)}.${column}`)
  }
  if (ownedBy !== undefined)
    facts.push(`sequence ${name} of ${nameOf(catalog, ownedBy.relation)}.${ownedBy.column}`)
  return facts
}

function nameOf(catalog: Catalog, id: number): string {
  return catalog.relationById(id)?.name ?? '?'
}

function columnFact(relation: Relation, column: Column, place: number): string {
  const isView = relation.kind === 'view' || relation.kind === 'materialized-view'
  const type = isView ? '' : typeFact(column)
  return `column ${relation.schema}.${relation.name}.${column.name} #${place} ${type} ${flag(column.notNull)} ${column.filled ?? '-'}`
}

function typeFact(column: Column): string {
  const { schema, name, array, modifiers } = column.type
  return `${schema === undefined ? '' : `${schema}.`}${name}${array ? '[]' : ''}/${typmod(name, modifiers)}`
}

/** Modifiers as the server keeps them in one number. */
function typmod(name: string, modifiers: readonly number[]): number {
  const [first, second] = modifiers
  if (first === undefined) return -1
  if (name === 'varchar' || name === 'bpchar') return first + 4
  if (name === 'numeric') return first * 65_536 + (second ?? 0) + 4
  return first
}

function typeFacts(catalog: Catalog, names: readonly string[]): string[] {
  return names.flatMap((written) => {
    const [schema = '', name = ''] = written.split('.')
    const type = catalog.type({ schema, name })
    if (type === undefined) return []
    const fact = `type ${written} ${type.kind} (${type.labels.join(',')})`
    return type.kind === 'domain'
      ? [fact, `domain ${name} constrained ${flag(type.constrained)}`]
      : [fact]
  })
}

function functionFacts(catalog: Catalog, names: readonly string[]): string[] {
  return names.flatMap((written) => {
    const [schema = '', name = ''] = written.split('.')
    const volatility = catalog.functionVolatility({ schema, name })
    return volatility === undefined ? [] : [`function ${written} ${volatility[0]}`]
  })
}

function flag(value: boolean): string {
  return value ? 't' : 'f'
}
