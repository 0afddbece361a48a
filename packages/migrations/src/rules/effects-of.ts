import type { AlterTableStmt, AlterSeqStmt, RenameStmt } from 'libpg-query'
import type { Catalog } from '../catalog/catalog.ts'
import { refusesTransaction } from '../sql/refuses-transaction.ts'
import type { Statement } from '../sql/statement.ts'
import { alterPolicyEffects, createPolicyEffects, grantEffects } from './access-rules.ts'
import { alterTableEffects } from './alter-table.ts'
import { createForeignTableEffects, createTableEffects, moveAllEffects } from './create-table.ts'
import { dropEffects } from './drop-rules.ts'
import type { Effect } from './effect.ts'
import { blocking, breaking, harmless, isPrivate, lockOn, undecided } from './effects.ts'
import { createIndexEffects, inTransaction, reindexEffects } from './index-rules.ts'
import {
  clusterEffects,
  commentEffects,
  createStatisticsEffects,
  lockEffects,
  truncateEffects,
  vacuumEffects,
} from './maintenance-rules.ts'
import { fullName, quoted, rangeName, sqlName } from './object-names.ts'
import { BREAKING_KINDS, HARMLESS_KINDS, UNKNOWN_KINDS } from './plain-kinds.ts'
import { renameColumnEffects, renameConstraintEffects } from './rename-column.ts'
import { renameEffects, setSchemaEffects } from './rename-rules.ts'
import { createPublicationEffects } from './replication-rules.ts'
import {
  callEffects,
  createFunctionEffects,
  createRuleEffects,
  createTriggerEffects,
} from './routine-rules.ts'
import { nodeOf, nodesOf } from './rule-context.ts'
import type { NodeKind, NodeOf, RuleContext, StatementRule } from './rule-context.ts'
import {
  doEffects,
  explainEffects,
  setEffects,
  standingSettingEffects,
  transactionControlEffects,
} from './session-rules.ts'
import { alterDomainEffects, alterEnumEffects } from './type-rules.ts'
import { createAsEffects, refreshEffects, viewEffects } from './view-rules.ts'
import {
  copyEffects,
  deleteEffects,
  insertEffects,
  mergeEffects,
  selectEffects,
  updateEffects,
} from './write-rules.ts'

/**
 * What a statement does to those who are running, by itself: at least one effect, the harmless ones too. What several statements
 * of one transaction do together, `transactionEffects` adds. Pure.
 *
 * @param catalog what is there before the statement runs
 */
export function effectsOf(
  statement: Statement,
  catalog: Catalog,
  server: { readonly version: number },
): readonly Effect[] {
  const effects = effectsWithin(statement, catalog, server)
  const refuses =
    catalog.complete &&
    effects.every(({ verdict }) => verdict === 'safe') &&
    !catalog.follows(statement)
  return refuses ? [...effects, unfollowed(statement)] : effects
}

/** Whatever the rules say: a schema that cannot be followed any further is not one that the server will bring about. */
function unfollowed({ kind }: Statement): Effect {
  const problem = `the schema as it is given does not let it be done (${kind})`
  return undecided('server-refuses', ['compat'], { problem })
}

/** As {@link effectsOf}. In a block, which may run or not, or catch the error, a refusal means nothing. */
function effectsWithin(
  statement: Statement,
  catalog: Catalog,
  server: { readonly version: number },
): readonly Effect[] {
  const context: RuleContext = { statement, catalog, version: server.version }
  const inner = catalog
    .foresee(statement.inner, (each) =>
      effectsWithin(each, catalog, server).map((one) => placed(one, each)),
    )
    .flat()
  return [...ownEffects(context), ...inner]
}

function placed(effect: Effect, statement: Statement): Effect {
  const { at, ...rest } = effect
  return { ...rest, place: effect.place ?? statement.placeOf(at) }
}

function ownEffects(context: RuleContext): readonly Effect[] {
  const { statement } = context
  const rule = RULES_BY_KIND.get(statement.kind)
  if (rule) return rule(context)
  const { kind } = statement
  const names = { kind, object: kind, name: kind }
  if (statement.transaction !== undefined && refusesTransaction(statement))
    return [inTransaction(kind.replace(/Stmt$/, ''), context)]
  const breaks = BREAKING_KINDS[kind]
  if (breaks !== undefined) return [breaking(breaks, names, { unobservable: true })]
  const harms = HARMLESS_KINDS[kind]
  if (harms !== undefined) return [harmless(harms, names)]
  return [undecided(UNKNOWN_KINDS[kind] ?? 'unrecognised-statement', ['compat', 'lock'], names)]
}

/** Whether there is a rule for statements of a kind, as the grammar names it. */
export function knowsKind(kind: string): boolean {
  const plain = [BREAKING_KINDS, HARMLESS_KINDS, UNKNOWN_KINDS]
  return RULES_BY_KIND.has(kind) || plain.some((kinds) => kind in kinds)
}

type Rule = (context: RuleContext) => readonly Effect[]

const RULES_BY_KIND: ReadonlyMap<string, Rule> = new Map([
  on('AlterDatabaseSetStmt', standingSettingEffects),
  on('AlterDomainStmt', alterDomainEffects),
  on('AlterEnumStmt', alterEnumEffects),
  on('AlterObjectSchemaStmt', setSchemaEffects),
  on('AlterPolicyStmt', alterPolicyEffects),
  on('AlterRoleSetStmt', standingSettingEffects),
  on('AlterSeqStmt', alterSequence),
  on('AlterTableMoveAllStmt', moveAllEffects),
  on('AlterTableStmt', alterRelation),
  on('CallStmt', callEffects),
  on('ClusterStmt', clusterEffects),
  on('CommentStmt', commentEffects),
  on('CopyStmt', copyEffects),
  on('CreateForeignTableStmt', createForeignTableEffects),
  on('CreateFunctionStmt', createFunctionEffects),
  on('CreatePolicyStmt', createPolicyEffects),
  on('CreatePublicationStmt', createPublicationEffects),
  on('CreateStatsStmt', createStatisticsEffects),
  on('CreateStmt', createTableEffects),
  on('CreateTableAsStmt', createAsEffects),
  on('CreateTrigStmt', createTriggerEffects),
  on('DeleteStmt', deleteEffects),
  on('DoStmt', doEffects),
  on('DropStmt', dropEffects),
  on('ExplainStmt', explainEffects),
  on('GrantRoleStmt', ({ is_grant: isGrant }) => [
    isGrant
      ? harmless('grant', { object: 'a role' })
      : breaking('revoke-role', {}, { unobservable: true }),
  ]),
  on('GrantStmt', grantEffects),
  on('IndexStmt', createIndexEffects),
  on('InsertStmt', insertEffects),
  on('LockStmt', lockEffects),
  on('MergeStmt', mergeEffects),
  on('RefreshMatViewStmt', refreshEffects),
  on('ReindexStmt', reindexEffects),
  on('RenameStmt', rename),
  on('RuleStmt', createRuleEffects),
  on('SelectStmt', selectEffects),
  on('TransactionStmt', transactionControlEffects),
  on('TruncateStmt', truncateEffects),
  on('UpdateStmt', updateEffects),
  on('VacuumStmt', vacuumEffects),
  on('VariableSetStmt', setEffects),
  on('ViewStmt', viewEffects),
])

function on<Kind extends NodeKind>(kind: Kind, rule: StatementRule<Kind>): [string, Rule] {
  return [
    kind,
    (context) => {
      const node: NodeOf<Kind> | undefined = nodeOf(context.statement.node, kind)
      return node === undefined ? [] : rule(node, context)
    },
  ]
}

function rename(node: RenameStmt, context: RuleContext): readonly Effect[] {
  if (node.renameType === 'OBJECT_COLUMN') return renameColumnEffects(node, context)
  return node.renameType === 'OBJECT_TABCONSTRAINT'
    ? renameConstraintEffects(node, context)
    : renameEffects(node, context)
}

function alterRelation(node: AlterTableStmt, context: RuleContext): readonly Effect[] {
  if (node.objtype !== 'OBJECT_INDEX') return alterTableEffects(node, context)
  const index = context.catalog.index(rangeName(node.relation))
  const table = index && context.catalog.relationById(index.on)
  const names = { index: sqlName(rangeName(node.relation)), table: table ? sqlName(table) : '' }
  const moves = nodesOf(node.cmds, 'AlterTableCmd').some(
    ({ subtype }) => subtype === 'AT_SetTableSpace',
  )
  if (moves && !isPrivate(table)) return [blocking('move-index-tablespace', names, [])]
  return [harmless('alter-index', names)]
}

/** ALTER SEQUENCE: one that begins again gives out numbers that are taken. */
function alterSequence(node: AlterSeqStmt, { catalog }: RuleContext): readonly Effect[] {
  const relation = node.sequence && catalog.relation(rangeName(node.sequence))
  const names = {
    sequence: sqlName(rangeName(node.sequence)),
    object: quoted(node.sequence?.relname ?? ''),
  }
  const locks = lockOn(relation, 'SHARE ROW EXCLUSIVE')
  const restarts = nodesOf(node.options, 'DefElem').some(({ defname }) => defname === 'restart')
  if (!restarts || !relation || isPrivate(relation))
    return [harmless('alter-sequence', names, { locks })]
  const narrows = [{ kind: 'sequence' as const, object: fullName(relation) }]
  return [
    breaking('restart-sequence', names, {
      phase: 'tighten',
      classes: ['data'],
      locks,
      narrows,
      unobservable: true,
    }),
  ]
}
