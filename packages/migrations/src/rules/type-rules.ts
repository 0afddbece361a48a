import type { AlterDomainStmt, AlterEnumStmt } from 'libpg-query'
import type { UserType } from '../catalog/catalog.ts'
import { typeUsers } from './dependents.ts'
import type { Effect, LockMode, LockWork, Need, TableWork } from './effect.ts'
import { blocking, breaking, harmless, lockOn } from './effects.ts'
import { fullName, listName, pathName, quoted, sqlName } from './object-names.ts'
import { nodeOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'
import { inTransaction } from './index-rules.ts'
import { writeNeeds } from './write-needs.ts'

/** ALTER TYPE ... ADD VALUE and RENAME VALUE. */
export function alterEnumEffects(node: AlterEnumStmt, context: RuleContext): readonly Effect[] {
  const name = listName(node.typeName)
  const type = context.catalog.type(name)
  const names = {
    type: sqlName(name),
    label: node.oldVal ?? node.newVal ?? '',
    name: node.newVal ?? '',
  }
  if (type?.isNew)
    return [harmless(node.oldVal === undefined ? 'enum-add-value' : 'alter-new-type', names)]
  const object = type ? fullName(type) : pathName(name, context.catalog)
  if (node.oldVal !== undefined && node.oldVal !== '')
    return [
      breaking('rename-enum-value', names, {
        removes: [{ kind: 'label', object, member: node.oldVal }],
      }),
    ]
  if (context.version < 12 && context.statement.transaction !== undefined)
    return [inTransaction('ALTER TYPE ... ADD VALUE', context, names.type)]
  return [harmless('enum-add-value', names)]
}

type DomainRule = (node: AlterDomainStmt, domain: Domain) => Effect

interface Domain {
  readonly type: UserType | undefined
  readonly names: Effect['names']
  /** Locks on all tables with columns of the domain. */
  readonly locks: (mode: LockMode, work: TableWork) => LockWork[]
  /** Whether it is known that no table has such a column. */
  readonly unused: boolean
  readonly narrows: readonly Need[]
}

/** ALTER DOMAIN. */
export function alterDomainEffects(
  node: AlterDomainStmt,
  { catalog }: RuleContext,
): readonly Effect[] {
  const name = listName(node.typeName)
  const type = catalog.type(name)
  const constraint = quoted(nodeOf(node.def, 'Constraint')?.conname ?? node.name ?? 'name')
  const names = { type: sqlName(name), constraint }
  if (type?.isNew) return [harmless('alter-new-type', names)]
  const users = type ? typeUsers(type, catalog) : []
  const narrows = users.flatMap(({ relation, columns }) => writeNeeds(relation, columns))
  const domain: Domain = {
    type,
    names,
    locks: (mode, work) => users.flatMap(({ relation }) => lockOn(relation, mode, work)),
    unused: catalog.complete && users.every(({ relation }) => relation.isNew),
    narrows,
  }
  const rule = DOMAIN_RULES[node.subtype ?? ''] ?? plainDomainChange
  return [rule(node, domain)]
}

const DOMAIN_RULES: Readonly<Record<string, DomainRule>> = {
  C: addDomainConstraint,
  V: validateDomain,
  O: setDomainNotNull,
}

function addDomainConstraint(
  node: AlterDomainStmt,
  { names, locks, unused, narrows }: Domain,
): Effect {
  if (nodeOf(node.def, 'Constraint')?.skip_validation)
    return harmless('domain-add-constraint-not-valid', names, { phase: 'tighten', narrows })
  if (unused) return harmless('domain-unused', names, { phase: 'tighten' })
  return blocking('domain-add-constraint', names, locks('SHARE', 'scan'), {
    phase: 'tighten',
    narrows,
  })
}

function setDomainNotNull(_: AlterDomainStmt, { names, locks, unused, narrows }: Domain): Effect {
  if (unused) return harmless('domain-unused', names, { phase: 'tighten' })
  return blocking('domain-set-not-null', names, locks('SHARE', 'scan'), {
    phase: 'tighten',
    narrows,
  })
}

function validateDomain(_: AlterDomainStmt, { names, locks, unused }: Domain): Effect {
  if (unused) return harmless('domain-unused', names, { phase: 'tighten' })
  return blocking('validate-domain-constraint', names, locks('SHARE', 'scan'), { phase: 'tighten' })
}

function plainDomainChange(_: AlterDomainStmt, { names }: Domain): Effect {
  return harmless('alter-domain', names)
}
