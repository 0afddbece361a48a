import type { FindingClass, Verdict } from '../finding.ts'
import type { Phase } from '../phase.ts'
import type { Place } from '../sql/statement.ts'
import type { LockMode } from './lock-mode.ts'
import type { RuleId } from './rule.ts'

export type { LockMode } from './lock-mode.ts'

/** What the server does with the rows of a table while it holds the lock: `none` takes as long for any size. */
export type TableWork = 'none' | 'scan' | 'index-build' | 'rewrite' | 'update'

/** A lock on a relation that was there before this plan. */
export interface LockWork {
  /** `schema.name` as the server would print it. */
  readonly relation: string
  readonly mode: LockMode
  readonly work: TableWork
  /** True for a materialized view: nobody writes to it, so only ACCESS EXCLUSIVE makes anyone wait. */
  readonly readersOnly?: boolean
}

/** Something that a query has to use in order to be touched by a change. */
export interface Need {
  readonly kind:
    | 'relation'
    | 'column'
    | 'type'
    | 'label'
    | 'function'
    | 'schema'
    | 'constraint'
    | 'sequence'
    | 'unique'
    | 'insert'
    | 'write'
    | 'name'
    | 'shape'
  /** `schema.name` of the relation, type, function or sequence; the schema itself. */
  readonly object: string
  /**
   * The column or label; for `unique` the columns joined by a comma; for `insert` a column that a write leaves out, for `write` one
   * that it fills; for `name` a name that stands for something else as long as the relation has no such column. `shape` is
   * for a result that must stay as it is where the statement was prepared before; without a member all columns are meant.
   */
  readonly member?: string
  /** Of a use: by way of a view or of a partitioned table. It outlives the loss of the name, not narrower rules. */
  readonly through?: true
}

/** One thing that a statement does. Each statement has at least one effect, the harmless ones too. */
export interface Effect {
  readonly rule: RuleId
  /** Key of its texts where they are not those of the rule, such as `mysql/drop-column`: another server, another reason. */
  readonly text?: string
  /** By itself, without knowing what the live releases need. */
  readonly verdict: Verdict
  readonly classes: readonly FindingClass[]
  readonly phase: Phase
  /** Locks with the work done under them, on relations that existed before this plan. */
  readonly locks?: readonly LockWork[]
  /** What queries lose by it: where contracts are known, a `compat` effect only counts if one of them uses this. */
  readonly removes?: readonly Need[]
  /** What queries may no longer write, or get otherwise than before, under a condition that SQL alone does not tell. */
  readonly narrows?: readonly Need[]
  /** What queries meet that was not there before: a name that becomes ambiguous, a star that brings more than was prepared. */
  readonly adds?: readonly Need[]
  /** A database that is asked as its owner, with made-up rows, would not notice: rights, row security, lost rows, behaviour. */
  readonly unobservable?: boolean
  /** The server refuses the statement whatever the rows are: it stands on its own, no query has to be touched by it. */
  readonly refused?: boolean
  /** `location` in the syntax tree; the statement's own place where it is left out. */
  readonly at?: number
  /** Where it is in the file, of a statement inside a DO block, whose syntax tree counts for itself. */
  readonly place?: Place
  /** Fills `{table}`, `{column}` and the like in the texts of the rule. */
  readonly names: Readonly<Record<string, string>>
}
