import type { AlterTableCmd } from 'libpg-query'
import type { Column, Relation } from '../catalog/catalog.ts'
import type { Effect, LockMode, LockWork, Need, TableWork } from './effect.ts'
import { lockOn, refused } from './effects.ts'
import { fullName, quoted } from './object-names.ts'
import { nodeOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'
import type { RuleId } from './rule.ts'

/** The relation that a statement alters, as it is before the statement. */
export interface AlterTarget {
  readonly relation: Relation
  /** Partitions and children that the statement reaches; none where it says ONLY. */
  readonly below: readonly Relation[]
  /** All commands of the statement, which the server runs as one. */
  readonly commands: readonly AlterTableCmd[]
  readonly context: RuleContext
  /** The table as the statement writes it, for the texts. */
  readonly names: Effect['names']
}

/** What one command of ALTER TABLE does. */
export type AlterRule = (command: AlterTableCmd, target: AlterTarget) => readonly Effect[]

type More = Partial<Omit<Effect, 'rule' | 'names' | 'locks'>>

/** Modes that those who write have to wait for; the strongest keeps readers waiting too. */
const WAITED_FOR: ReadonlySet<LockMode> = new Set([
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
])

/** Kinds that hold no rows themselves. */
const ROWLESS: ReadonlySet<Relation['kind']> = new Set([
  'partitioned',
  'view',
  'foreign-table',
  'sequence',
])

/** Whether others wait while the server works through rows. */
export function keepsWaiting({ mode, work, readersOnly }: LockWork): boolean {
  if (work === 'none') return false
  return readersOnly ? mode === 'ACCESS EXCLUSIVE' : WAITED_FOR.has(mode)
}

/** An effect that is unsafe where it breaks something, or where its locks keep others waiting for work. */
export function tableEffect(
  rule: RuleId,
  names: Effect['names'],
  taken: readonly LockWork[],
  more: More = {},
): Effect {
  const locks = heldOver(taken)
  const waiting = locks.some(keepsWaiting) ? (['lock'] as const) : []
  const classes = [...new Set([...(more.classes ?? []), ...waiting])]
  const verdict = more.verdict ?? (classes.length > 0 ? 'unsafe' : 'safe')
  return { phase: 'expand', ...more, rule, names, locks, classes, verdict }
}

const WORKS: readonly TableWork[] = ['none', 'scan', 'index-build', 'rewrite', 'update']

/** A lock lasts until the end: whatever the server works on, those who need another locked relation wait for it, too. */
function heldOver(locks: readonly LockWork[]): readonly LockWork[] {
  const works = new Set(locks.map(({ work }) => work))
  const heaviest = WORKS.findLast((each) => works.has(each)) ?? 'none'
  return locks.map((lock) => (lock.work === 'none' ? { ...lock, work: heaviest } : lock))
}

/** The locks on the altered relation and on what is below it. */
export function targetLocks(
  { relation, below }: AlterTarget,
  mode: LockMode = 'ACCESS EXCLUSIVE',
  work: TableWork = 'none',
): LockWork[] {
  return [relation, ...below].flatMap((each) =>
    lockOn(each, mode, ROWLESS.has(each.kind) ? 'none' : work),
  )
}

/** The names for the texts, with those of the column filled in. */
export function columnNames({ names, relation }: AlterTarget, column: string): Effect['names'] {
  return {
    ...names,
    column: quoted(column),
    newColumn: quoted(`${column}_new`),
    notNull: quoted(`${relation.name}_${column}_not_null`),
    check: quoted(`${relation.name}_${column}_check`),
    index: quoted(`${relation.name}_${column}_key`),
  }
}

export function columnNeed({ relation }: AlterTarget, member: string): Need {
  return { kind: 'column', object: fullName(relation), member }
}

/** Whether nobody outside of this plan knows the column. */
export function isNewColumn(target: AlterTarget, name: string): boolean {
  return target.relation.columns.get(name)?.isNew ?? isAddedHere(target, name)
}

/** Whether another command of the same statement adds the column. */
function isAddedHere({ commands }: AlterTarget, name: string): boolean {
  return commands.some(
    ({ subtype, def }) => subtype === 'AT_AddColumn' && nodeOf(def, 'ColumnDef')?.colname === name,
  )
}

/** The column, or the refusal of the server where it is known that there is none. */
export function findColumn(
  target: AlterTarget,
  name: string,
): { readonly column?: Column; readonly refusal?: Effect } {
  const column = target.relation.columns.get(name)
  if (column) return { column }
  if (target.relation.assumed || isAddedHere(target, name)) return {}
  const problem = `column ${quoted(name)} of ${target.names['table'] ?? ''} does not exist`
  return { refusal: serverRefuses(problem, columnNames(target, name)) }
}

/** The statement fails, and the deployment with it. */
export function serverRefuses(problem: string, names: Effect['names'] = {}): Effect {
  return refused('server-refuses', { ...names, problem })
}
