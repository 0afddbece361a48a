import type { Relation } from '../catalog/catalog.ts'
import type { Need } from './effect.ts'
import { fullName } from './object-names.ts'

/** Stands for whoever adds rows: a column that came with this plan is left out by all of them. */
const EVERYBODY = '*'

/** Those who add rows and leave the column out. */
export function insertNeed(relation: Relation, column: string): Need {
  const member = relation.columns.get(column)?.isNew === true ? EVERYBODY : column
  return { kind: 'insert', object: fullName(relation), member }
}

/** Those who fill the columns, and those who leave them to the server, which fills in null or the default. */
export function writeNeeds(relation: Relation, columns: readonly string[]): Need[] {
  const object = fullName(relation)
  return columns.flatMap((member): Need[] => [
    { kind: 'write', object, member },
    insertNeed(relation, member),
  ])
}

/** Whoever writes any column: rows that are there and break a rule which was not validated cannot be updated. */
export function anyWriteNeed(relation: Relation): Need {
  return { kind: 'write', object: fullName(relation) }
}

/** As {@link writeNeeds}, for rules that null satisfies: leaving a column out only matters where a default fills it. */
export function valueNeeds(relation: Relation, columns: readonly string[]): Need[] {
  return writeNeeds(relation, columns).filter(({ kind, member }) => {
    if (kind !== 'insert' || relation.assumed) return true
    return relation.columns.get(member ?? '')?.filled === 'default'
  })
}
