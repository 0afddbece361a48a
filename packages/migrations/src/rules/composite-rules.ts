import type { AlterTableCmd, AlterTableStmt } from 'libpg-query'
import { typeUsers } from './dependents.ts'
import type { Effect } from './effect.ts'
import { breaking, harmless, lockOn } from './effects.ts'
import { fullName, quoted, rangeName, sqlName } from './object-names.ts'
import { nodeOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'

/** ALTER TYPE ... ADD, DROP or ALTER ATTRIBUTE: whoever writes or reads values of the type has its old shape in mind. */
export function compositeEffects(
  { relation }: AlterTableStmt,
  commands: readonly AlterTableCmd[],
  { catalog }: RuleContext,
): readonly Effect[] {
  const name = rangeName(relation)
  const type = catalog.type(name)
  const users = type ? typeUsers(type, catalog) : []
  const object = fullName({
    schema: type?.schema ?? name.schema ?? catalog.searchPath[0] ?? 'public',
    name: name.name,
  })
  const own =
    type && !type.isNew
      ? [{ relation: object, mode: 'ACCESS EXCLUSIVE', work: 'none' } as const]
      : []
  const locks = [...own, ...users.flatMap((user) => lockOn(user.relation, 'ACCESS EXCLUSIVE'))]
  return commands.map(({ name: attribute, def }) => {
    const column = quoted(attribute ?? nodeOf(def, 'ColumnDef')?.colname ?? '')
    const names = { type: sqlName(name), object: sqlName(name), column }
    if (type?.isNew) return harmless('alter-new-table', { ...names, table: names.type })
    return breaking('alter-composite-type', names, { locks, removes: [{ kind: 'type', object }] })
  })
}
