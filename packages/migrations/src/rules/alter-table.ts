import type { AlterTableCmd, AlterTableStmt, AlterTableType } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { addColumn } from './add-column.ts'
import { addConstraint } from './add-constraint.ts'
import { keepsWaiting, serverRefuses } from './alter-target.ts'
import type { AlterRule, AlterTarget } from './alter-target.ts'
import { changeType } from './change-type.ts'
import {
  addIdentity,
  columnDefault,
  dropColumn,
  dropExpression,
  dropIdentity,
  setExpression,
  setIdentity,
} from './column-changes.ts'
import { compositeEffects } from './composite-rules.ts'
import { alterConstraint, dropConstraint, validateConstraint } from './constraint-changes.ts'
import type { Effect, LockMode, LockWork } from './effect.ts'
import { harmless, isPrivate, undecided } from './effects.ts'
import { partitionsOf } from './index-rules.ts'
import { dropNotNull, setNotNull } from './not-null.ts'
import { fullName, rangeName, sqlName } from './object-names.ts'
import { attachPartition, detachPartition, finalizeDetach } from './partitions.ts'
import { nodesOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'
import {
  columnMetadata,
  hiding,
  inheritance,
  metadata,
  persistence,
  rewriting,
  setTablespace,
  storageParameters,
} from './table-settings.ts'

/** ALTER TABLE, ALTER VIEW, ALTER MATERIALIZED VIEW, ALTER FOREIGN TABLE, and ALTER TYPE of a composite type. */
export function alterTableEffects(node: AlterTableStmt, context: RuleContext): readonly Effect[] {
  const commands = nodesOf(node.cmds, 'AlterTableCmd')
  if (node.objtype === 'OBJECT_TYPE') return compositeEffects(node, commands, context)
  const name = rangeName(node.relation)
  const relation = context.catalog.relation(name)
  const names = { table: sqlName(name), object: sqlName(name) }
  if (!relation)
    return [
      node.missing_ok
        ? harmless('drop-missing', names)
        : serverRefuses(`relation ${names.table} does not exist`, names),
    ]
  const below = node.relation?.inh ? childrenOf(relation, context) : []
  const target: AlterTarget = { relation, below, commands, context, names }
  const effects = commands.flatMap((command) => commandEffects(command, target))
  return inOneStatement(effects, target).map((effect) =>
    isPrivate(relation) ? onNew(effect) : effect,
  )
}

function childrenOf(relation: Relation, { catalog }: RuleContext): Relation[] {
  return relation.kind === 'partitioned' ? partitionsOf(relation, catalog.relations()) : []
}

function commandEffects(command: AlterTableCmd, target: AlterTarget): readonly Effect[] {
  const rule = command.subtype && COMMANDS[command.subtype]
  return rule
    ? rule(command, target)
    : [
        undecided('unrecognised-statement', ['compat', 'lock'], {
          ...target.names,
          kind: command.subtype ?? 'AlterTableCmd',
        }),
      ]
}

const MODES: readonly LockMode[] = [
  'SHARE UPDATE EXCLUSIVE',
  'SHARE ROW EXCLUSIVE',
  'ACCESS EXCLUSIVE',
]

/** The server takes the strongest lock of all commands first and holds it while it works for any of them. */
function inOneStatement(effects: readonly Effect[], { relation, below }: AlterTarget): Effect[] {
  const family = new Set([relation, ...below].map(fullName))
  const own = effects.flatMap(({ locks = [] }) =>
    locks.filter((lock) => lock.relation === fullName(relation)),
  )
  const mode = MODES.findLast((each) => own.some((lock) => lock.mode === each))
  return mode === undefined ? [...effects] : effects.map((effect) => raised(effect, mode, family))
}

function raised(effect: Effect, strongest: LockMode, family: ReadonlySet<string>): Effect {
  const locks = effect.locks?.map((lock): LockWork =>
    family.has(lock.relation) && isWeaker(lock.mode, strongest)
      ? { ...lock, mode: strongest }
      : lock,
  )
  if (!locks || effect.classes.includes('lock') || !locks.some(keepsWaiting))
    return { ...effect, ...(locks && { locks }) }
  const rule = effect.rule === 'validate-constraint' ? 'validate-constraint-blocking' : effect.rule
  return { ...effect, rule, locks, verdict: 'unsafe', classes: [...effect.classes, 'lock'] }
}

function isWeaker(one: LockMode, other: LockMode): boolean {
  return MODES.includes(one) && MODES.indexOf(one) < MODES.indexOf(other)
}

/** Nobody waits for a table that is not there yet, and nobody misses a part of it. */
function onNew(effect: Effect): Effect {
  if (effect.rule === 'server-refuses' || effect.locks?.some(keepsWaiting)) return effect
  const rule = effect.rule.startsWith('drop-') ? 'drop-new-object' : 'alter-new-table'
  return harmless(
    rule,
    { object: effect.names['table'] ?? '', ...effect.names },
    { locks: effect.locks ?? [] },
  )
}

const trigger = metadata('switch-trigger', 'SHARE ROW EXCLUSIVE')
const rewriteRule = metadata('switch-rule')
const attributes = columnMetadata('set-statistics', 'SHARE UPDATE EXCLUSIVE')

const COMMANDS: Partial<Record<AlterTableType, AlterRule>> = {
  AT_AddColumn: addColumn,
  AT_ColumnDefault: columnDefault,
  AT_DropNotNull: dropNotNull,
  AT_SetNotNull: setNotNull,
  AT_SetExpression: setExpression,
  AT_DropExpression: dropExpression,
  AT_SetStatistics: attributes,
  AT_SetOptions: attributes,
  AT_ResetOptions: attributes,
  AT_SetStorage: columnMetadata('set-storage'),
  AT_SetCompression: columnMetadata('set-storage'),
  AT_DropColumn: dropColumn,
  AT_AddConstraint: addConstraint,
  AT_AlterConstraint: alterConstraint,
  AT_ValidateConstraint: validateConstraint,
  AT_DropConstraint: dropConstraint,
  AT_AlterColumnType: changeType,
  AT_AlterColumnGenericOptions: columnMetadata('set-foreign-options'),
  AT_ChangeOwner: metadata('change-owner'),
  AT_ClusterOn: metadata('cluster-on', 'SHARE UPDATE EXCLUSIVE'),
  AT_DropCluster: metadata('cluster-on', 'SHARE UPDATE EXCLUSIVE'),
  AT_SetLogged: persistence('set-logged'),
  AT_SetUnLogged: persistence('set-unlogged'),
  AT_DropOids: metadata('set-without-oids'),
  AT_SetAccessMethod: rewriting('set-access-method'),
  AT_SetTableSpace: setTablespace,
  AT_SetRelOptions: storageParameters,
  AT_ResetRelOptions: storageParameters,
  AT_EnableTrig: trigger,
  AT_EnableAlwaysTrig: trigger,
  AT_EnableReplicaTrig: trigger,
  AT_DisableTrig: trigger,
  AT_EnableTrigAll: trigger,
  AT_DisableTrigAll: trigger,
  AT_EnableTrigUser: trigger,
  AT_DisableTrigUser: trigger,
  AT_EnableRule: rewriteRule,
  AT_EnableAlwaysRule: rewriteRule,
  AT_EnableReplicaRule: rewriteRule,
  AT_DisableRule: rewriteRule,
  AT_AddInherit: inheritance('add-inherit'),
  AT_DropInherit: inheritance('drop-inherit'),
  AT_AddOf: metadata('set-table-type'),
  AT_DropOf: metadata('set-table-type'),
  AT_ReplicaIdentity: metadata('replica-identity'),
  AT_EnableRowSecurity: hiding('enable-row-security'),
  AT_DisableRowSecurity: metadata('disable-row-security'),
  AT_ForceRowSecurity: hiding('force-row-security'),
  AT_NoForceRowSecurity: metadata('disable-row-security'),
  AT_GenericOptions: metadata('set-foreign-options'),
  AT_AttachPartition: attachPartition,
  AT_DetachPartition: detachPartition,
  AT_DetachPartitionFinalize: finalizeDetach,
  AT_AddIdentity: addIdentity,
  AT_SetIdentity: setIdentity,
  AT_DropIdentity: dropIdentity,
}
