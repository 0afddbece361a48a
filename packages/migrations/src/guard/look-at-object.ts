import type { CreateStmt, DropStmt } from 'libpg-query'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'
import type { Sight } from './sight.ts'
import { nameText, relationText } from './written-name.ts'

/** CREATE TABLE: done where there is one of this name with these columns. */
export async function lookAtCreate(client: GuardClient, statement: CreateStmt): Promise<Sight> {
  const columns = (statement.tableElts ?? []).flatMap((one) =>
    'ColumnDef' in one ? [one.ColumnDef.colname ?? ''] : [],
  )
  const [row] = await rowsOf<{ there: boolean; same: boolean }>(
    client,
    `select to_regclass($1) is not null as there, $2::text[] <@ array(select attname::text from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped) as same`,
    [relationText(statement.relation), columns],
  )
  if (row?.there !== true) return { sees: 'absent' }
  return { sees: row.same ? 'done' : 'unknown' }
}

const RELATIONS: ReadonlySet<string | undefined> = new Set([
  'OBJECT_TABLE',
  'OBJECT_INDEX',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
])

/** DROP of relations: done where all of them are gone. */
export async function lookAtDrop(
  client: GuardClient,
  { removeType, objects }: DropStmt,
): Promise<Sight> {
  if (!RELATIONS.has(removeType)) return { sees: 'unknown' }
  const names = (objects ?? []).map((one) => ('List' in one ? nameText(one.List.items) : ''))
  const [row] = await rowsOf<{ left: number }>(
    client,
    'select count(to_regclass(name))::int as left from unnest($1::text[]) name',
    [names],
  )
  return { sees: row?.left === 0 ? 'done' : 'absent' }
}
