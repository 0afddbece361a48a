import type { AlterTableCmd } from 'libpg-query'
import { columnNames, findColumn, serverRefuses, tableEffect, targetLocks } from './alter-target.ts'
import type { AlterRule, AlterTarget } from './alter-target.ts'
import type { LockMode } from './effect.ts'
import { lockOn } from './effects.ts'
import { fullName, quoted, rangeName, sqlName } from './object-names.ts'
import { nodeOf, nodesOf } from './rule-context.ts'
import type { RuleId } from './rule.ts'

/** A change of the catalog alone. */
export function metadata(rule: RuleId, mode: LockMode = 'ACCESS EXCLUSIVE'): AlterRule {
  return (command, target) => [
    tableEffect(rule, itemNames(command, target), targetLocks(target, mode)),
  ]
}

/** As {@link metadata}, for a column that has to be there. */
export function columnMetadata(rule: RuleId, mode: LockMode = 'ACCESS EXCLUSIVE'): AlterRule {
  return ({ name = '' }, target) => {
    const { refusal } = findColumn(target, name)
    return [refusal ?? tableEffect(rule, columnNames(target, name), targetLocks(target, mode))]
  }
}

/** The table is written anew, with all of its indexes. */
export function rewriting(rule: RuleId): AlterRule {
  return (command, target) => [
    tableEffect(
      rule,
      itemNames(command, target),
      targetLocks(target, 'ACCESS EXCLUSIVE', 'rewrite'),
    ),
  ]
}

/** Rows that releases read or write are kept from them. */
export function hiding(rule: RuleId): AlterRule {
  return (command, target) => {
    const removes = [{ kind: 'relation', object: fullName(target.relation) }] as const
    return [
      tableEffect(rule, itemNames(command, target), targetLocks(ownOnly(target)), {
        classes: ['compat'],
        phase: 'contract',
        removes,
        unobservable: true,
      }),
    ]
  }
}

function itemNames(
  { name, newowner }: AlterTableCmd,
  { names }: AlterTarget,
): AlterTarget['names'] {
  return { ...names, object: quoted(name ?? newowner?.rolename ?? '') }
}

function ownOnly(target: AlterTarget): AlterTarget {
  return { ...target, below: [] }
}

/** Parameters of storage that are read by all who use the table. */
const READ_BY_ALL: ReadonlySet<string> = new Set([
  'user_catalog_table',
  'security_barrier',
  'security_invoker',
  'check_option',
])

/** SET and RESET of storage parameters. */
export const storageParameters: AlterRule = ({ def }, target) => {
  const options = nodesOf(nodeOf(def, 'List')?.items, 'DefElem').map(({ defname = '' }) => defname)
  const isView = target.relation.kind === 'view'
  const mode =
    isView || options.some((each) => READ_BY_ALL.has(each))
      ? 'ACCESS EXCLUSIVE'
      : 'SHARE UPDATE EXCLUSIVE'
  return [
    tableEffect(
      isView ? 'set-view-options' : 'set-storage-parameter',
      { ...target.names, object: options.join(', ') },
      targetLocks(ownOnly(target), mode),
    ),
  ]
}

/** INHERIT and NO INHERIT: rows come into, or leave, what readers of the parent see. */
export function inheritance(rule: RuleId): AlterRule {
  return ({ def }, target) => {
    const range = nodeOf(def, 'RangeVar')
    const parent = target.context.catalog.relation(rangeName(range))
    const names = { ...target.names, parent: sqlName(rangeName(range)) }
    if (!parent) return [serverRefuses(`table ${names.parent} does not exist`, names)]
    const mode = rule === 'add-inherit' ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS SHARE'
    const locks = [...targetLocks(target), ...(mode === 'ACCESS SHARE' ? [] : lockOn(parent, mode))]
    const narrows =
      parent.isNew || target.relation.isNew
        ? []
        : [{ kind: 'relation', object: fullName(parent) } as const]
    return [
      tableEffect(rule, names, locks, {
        narrows,
        unobservable: true,
        phase: rule === 'add-inherit' ? 'expand' : 'contract',
      }),
    ]
  }
}

/** SET TABLESPACE copies the table, and for a partitioned one says where new partitions go. */
export const setTablespace: AlterRule = (command, target) => {
  const locks = targetLocks(ownOnly(target), 'ACCESS EXCLUSIVE', 'rewrite')
  return [tableEffect('set-tablespace', itemNames(command, target), locks)]
}

/** SET UNLOGGED and SET LOGGED. */
export function persistence(rule: RuleId): AlterRule {
  return (command, target) => [
    tableEffect(
      rule,
      itemNames(command, target),
      targetLocks(ownOnly(target), 'ACCESS EXCLUSIVE', 'rewrite'),
      rule === 'set-unlogged' ? { classes: ['data'], unobservable: true } : {},
    ),
  ]
}
