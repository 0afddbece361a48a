import type { CallStmt, CreateFunctionStmt, CreateTrigStmt, RuleStmt } from 'libpg-query'
import type { Effect } from './effect.ts'
import { breaking, harmless, isPrivate, lockOn, undecided } from './effects.ts'
import { fullName, listName, quoted, rangeName, sqlName } from './object-names.ts'
import type { RuleContext } from './rule-context.ts'

/** CREATE FUNCTION and CREATE PROCEDURE: they define, and run nothing. */
export function createFunctionEffects(
  node: CreateFunctionStmt,
  { catalog }: RuleContext,
): readonly Effect[] {
  const name = listName(node.funcname)
  const names = { function: sqlName(name) }
  const known = catalog.functionVolatility(name) !== undefined && !catalog.functionIsNew(name)
  return [
    harmless(node.replace && known ? 'replace-function' : 'create-function', names, {
      unobservable: true,
    }),
  ]
}

/** CREATE TRIGGER. */
export function createTriggerEffects(
  node: CreateTrigStmt,
  { catalog }: RuleContext,
): readonly Effect[] {
  const relation = catalog.relation(rangeName(node.relation))
  const other = node.constrrel && catalog.relation(rangeName(node.constrrel))
  const names = { trigger: quoted(node.trigname ?? ''), table: sqlName(rangeName(node.relation)) }
  const locks = [relation, other].flatMap((each) => lockOn(each, 'SHARE ROW EXCLUSIVE'))
  return [harmless('create-trigger', names, { locks, unobservable: true })]
}

/** CREATE RULE: with INSTEAD the queries of others do something else from then on. */
export function createRuleEffects(node: RuleStmt, { catalog }: RuleContext): readonly Effect[] {
  const relation = catalog.relation(rangeName(node.relation))
  const names = { object: quoted(node.rulename ?? ''), table: sqlName(rangeName(node.relation)) }
  const locks = lockOn(relation, 'ACCESS EXCLUSIVE')
  const helps = isPrivate(relation) || relation?.kind === 'view' || !node.instead
  if (helps || !relation) return [harmless('create-rule', names, { locks })]
  const narrows = [{ kind: 'relation' as const, object: fullName(relation) }]
  return [breaking('create-rule-instead', names, { locks, narrows, unobservable: true })]
}

/** CALL: a procedure may do anything, and may commit. */
export function callEffects(node: CallStmt): readonly Effect[] {
  const name = sqlName(listName(node.funccall?.funcname))
  return [undecided('calls-procedure', ['compat', 'lock'], { function: name })]
}
