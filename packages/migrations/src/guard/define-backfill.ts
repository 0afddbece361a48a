import { z } from 'zod'
import { toMs } from '../duration.ts'
import type { Duration } from '../duration.ts'
import { refuse } from '../migration-error.ts'
import { readOptions } from '../oracles/oracle-options.ts'
import { quoteName } from '../oracles/sql-client.ts'
import type { BackfillProgress } from './guard-events.ts'

/** What {@link defineBackfill} takes. Give `batch`, or `set` and `where`. */
export interface BackfillOptions {
  /** Names it in the journal; never use it for anything else. */
  readonly id: string
  /** With its schema where that is not in the search path: `billing.invoices`. */
  readonly table: string
  /** A column that is unique and not null, and has an index: rows are gone through in its order. */
  readonly key: string
  /**
   * Changes the rows with a key above `$1` up to and with `$2`: `UPDATE users SET ... WHERE id > $1 AND id <= $2`. The key has to be
   * a number; others need `set`.
   */
  readonly batch?: string
  /** What is set: `email_lower = lower(email)`. */
  readonly set?: string
  /** Which rows still need it: `email_lower IS NULL`. */
  readonly where?: string
  /** Counts the rows that still need it. @default with `where`: the rows that it finds; else the backfill is taken for complete after its last batch */
  readonly verify?: string
  /** Rows of one transaction. @default 1000 */
  readonly batchSize?: number
  /** Between two batches. @default '20ms' */
  readonly pause?: Duration
  /**
   * Asked before each batch: how long to wait, in milliseconds, for a replica that lags or a database that is busy. 0 goes on.
   */
  readonly throttle?: (progress: BackfillProgress) => number | Promise<number>
  /** Passes over the table while rows are left, such as those that were written meanwhile. @default 3 */
  readonly passes?: number
}

/** A job that fills rows in small transactions; made by {@link defineBackfill}. */
export interface Backfill {
  readonly id: string
  /** As it is written in SQL. */
  readonly table: string
  /** Quoted. */
  readonly key: string
  /** With `$1` and `$2`. */
  readonly batch: string
  /** The same for the beginning, without a lower end; undefined where `$1` can be counted down. */
  readonly firstBatch: string | undefined
  /** The same for all rows in one go. */
  readonly whole: string
  readonly verify: string | undefined
  readonly batchSize: number
  readonly pauseMs: number
  readonly throttle: (progress: BackfillProgress) => number | Promise<number>
  readonly passes: number
}

const CALLER = 'defineBackfill'
const text = z.string().trim().min(1)

const SCHEMA = z
  .strictObject({
    id: text,
    table: text,
    key: text,
    batch: text.optional(),
    set: text.optional(),
    where: text.optional(),
    verify: text.optional(),
    batchSize: z.int().min(1).max(100_000).default(1_000),
    pause: z.union([z.number(), z.string()]).default('20ms'),
    throttle: z
      .custom<Backfill['throttle']>((value) => typeof value === 'function', {
        error: 'give a function',
      })
      .default(() => () => 0),
    passes: z.int().min(1).max(100).default(3),
  })
  .refine(
    ({ batch, set, where }) => (batch === undefined) !== (set === undefined && where === undefined),
    {
      error: 'give either batch, or set and where',
    },
  )
  .refine(
    ({ batch, set, where }) => batch !== undefined || (set !== undefined && where !== undefined),
    {
      error: 'give set together with where: it tells which rows still need it',
    },
  )

/**
 * A backfill in batches: each is a transaction of its own that also notes how far it came, so that it goes on where it was
 * broken off.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID` or `CHANGEOVER_MIGRATIONS_DURATION_INVALID`
 * @example
 * ```ts
 * const emails = defineBackfill({
 *   id: 'users.email_lower',
 *   table: 'users',
 *   key: 'id',
 *   set: 'email_lower = lower(email)',
 *   where: 'email_lower IS NULL',
 * })
 * ```
 */
export function defineBackfill(options: BackfillOptions): Backfill {
  const { set, where, batch, pause, key, ...rest } = readOptions(SCHEMA, options, CALLER)
  const common = { ...rest, key: quoteName(key), pauseMs: toMs(pause, 'pause') }
  if (batch !== undefined)
    return {
      ...common,
      batch: checked(batch),
      firstBatch: undefined,
      whole: unbounded(batch, common),
      verify: rest.verify,
    }
  const update = `update ${rest.table} set ${set} where (${where}) and ${common.key}`
  return {
    ...common,
    batch: `${update} > $1 and ${common.key} <= $2`,
    firstBatch: `${update} <= $1`,
    whole: `update ${rest.table} set ${set} where ${where}`,
    verify: rest.verify ?? `select count(*) from ${rest.table} where ${where}`,
  }
}

/** With the keys of the table in place of the parameters, so that the bounds are of the type of the key. */
function unbounded(batch: string, { table, key }: Pick<Backfill, 'table' | 'key'>): string {
  return batch
    .replaceAll(/\$1(?!\d)/g, () => `(select min(${key}) - 1 from ${table})`)
    .replaceAll(/\$2(?!\d)/g, () => `(select max(${key}) from ${table})`)
}

/** With other bounds, batches would overlap or leave rows out. */
function checked(batch: string): string {
  if (/[^<=>]>\s*\$1(?!\d)/.test(batch) && /<=\s*\$2(?!\d)/.test(batch)) return batch
  throw refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', {
    caller: CALLER,
    problems: `batch: write the bounds as "key > $1 AND key <= $2", not as in "${batch}"`,
  })
}
