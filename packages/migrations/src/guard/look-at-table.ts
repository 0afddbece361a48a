import type { AlterTableCmd, AlterTableStmt, ColumnDef, Constraint, Node } from 'libpg-query'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'
import type { Sight } from './sight.ts'
import { relationText, wordsOf } from './written-name.ts'

interface ColumnRow {
  readonly name: string
  readonly notNull: boolean
  /** As the server keeps it: `int4`, and `_int4` for an array of it. */
  readonly type: string
}

interface ConstraintRow {
  readonly name: string
  readonly valid: boolean
}

/** What is there of a table, as far as ALTER TABLE can be recognised by it. */
interface TableSight {
  readonly columns: ReadonlyMap<string, ColumnRow>
  readonly constraints: ReadonlyMap<string, ConstraintRow>
}

/** ALTER TABLE: done where each of its commands is. */
export async function lookAtAlterTable(
  client: GuardClient,
  statement: AlterTableStmt,
): Promise<Sight> {
  const table = await tableSight(client, relationText(statement.relation))
  if (!table) return { sees: 'absent' }
  const each = (statement.cmds ?? []).map((command) => commandDone(command, table))
  if (each.includes(undefined)) return { sees: 'unknown' }
  return { sees: each.every(Boolean) ? 'done' : 'absent' }
}

async function tableSight(client: GuardClient, name: string): Promise<TableSight | undefined> {
  const [relation] = await rowsOf<{ there: boolean }>(
    client,
    'select to_regclass($1) is not null as there',
    [name],
  )
  if (relation?.there !== true) return undefined
  const columns = await rowsOf<ColumnRow>(
    client,
    `select attname as name, attnotnull as "notNull", t.typname as type
     from pg_attribute join pg_type t on t.oid = atttypid
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
    [name],
  )
  const constraints = await rowsOf<ConstraintRow>(
    client,
    'select conname as name, convalidated as valid from pg_constraint where conrelid = to_regclass($1)',
    [name],
  )
  return {
    columns: new Map(columns.map((one) => [one.name, one])),
    constraints: new Map(constraints.map((one) => [one.name, one])),
  }
}

/** Undefined where the catalog does not tell. */
function commandDone(node: Node, table: TableSight): boolean | undefined {
  if (!('AlterTableCmd' in node)) return undefined
  const { subtype, name = '', def } = node.AlterTableCmd
  const column = table.columns.get(name)
  const constraint = table.constraints.get(name)
  const known: Partial<Record<NonNullable<AlterTableCmd['subtype']>, () => boolean | undefined>> = {
    AT_AddColumn: () => columnAdded(def && 'ColumnDef' in def ? def.ColumnDef : undefined, table),
    AT_DropColumn: () => column === undefined,
    AT_SetNotNull: () => column?.notNull === true,
    AT_DropNotNull: () => column?.notNull === false,
    AT_AddConstraint: () =>
      constraintAdded(def && 'Constraint' in def ? def.Constraint : undefined, table),
    AT_ValidateConstraint: () => constraint?.valid === true,
    AT_DropConstraint: () => constraint === undefined,
  }
  return subtype && known[subtype]?.()
}

/** A column of another type is none that this command has made; what its constraints have made is not looked at. */
function columnAdded(
  definition: ColumnDef | undefined,
  { columns }: TableSight,
): boolean | undefined {
  if (!definition?.colname) return undefined
  const column = columns.get(definition.colname)
  if (!column) return false
  const { names, arrayBounds = [] } = definition.typeName ?? {}
  const type = `${arrayBounds.length > 0 ? '_' : ''}${wordsOf(names).at(-1)}`
  return type === column.type && (definition.constraints ?? []).length === 0 ? true : undefined
}

function constraintAdded(
  definition: Constraint | undefined,
  { constraints }: TableSight,
): boolean | undefined {
  if (!definition?.conname) return undefined
  const constraint = constraints.get(definition.conname)
  return constraint !== undefined && (constraint.valid || definition.skip_validation === true)
}

/** DETACH PARTITION CONCURRENTLY: one that was broken off has to be finalized. */
export async function lookAtDetach(client: GuardClient, statement: AlterTableStmt): Promise<Sight> {
  const [command] = statement.cmds ?? []
  const definition = command && 'AlterTableCmd' in command ? command.AlterTableCmd.def : undefined
  const child =
    definition && 'PartitionCmd' in definition ? definition.PartitionCmd.name : undefined
  const [parentName, childName] = [relationText(statement.relation), relationText(child)]
  const [link] = await rowsOf<{ pending: boolean }>(
    client,
    `select inhdetachpending as pending from pg_inherits
     where inhparent = to_regclass($1) and inhrelid = to_regclass($2)`,
    [parentName, childName],
  )
  if (!link) return { sees: 'done' }
  if (!link.pending) return { sees: 'absent' }
  return {
    sees: 'rest',
    repair: [`alter table ${parentName} detach partition ${childName} finalize`],
  }
}
