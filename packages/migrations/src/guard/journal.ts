import type { Phase } from '../phase.ts'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'
import type { GuardTables } from './guard-tables.ts'
import { firstLine } from './steps.ts'
import type { GuardStep, SteppedMigration } from './steps.ts'

/** Where a step is: `running` says that it was begun, and no more. */
export type StepState = 'planned' | 'running' | 'done' | 'failed'

/** A row of the journal. */
export interface JournalRow {
  readonly migration: string
  readonly step: number
  readonly checksum: string
  /** The phase that the migration was begun in. */
  readonly phase: Phase
  readonly state: StepState
}

/** The journal of steps, in the database that they change. */
export interface Journal {
  read(): Promise<readonly JournalRow[]>
  /** Writes steps that are not there yet, and those of a text that was changed before any of it ran. */
  plan(migration: SteppedMigration, phase: Phase): Promise<void>
  start(step: GuardStep, attempt: number): Promise<void>
  /** In the transaction of the step, where it has one. `found`: it was there already. */
  done(step: GuardStep, found: boolean): Promise<void>
  fail(step: GuardStep, problem: string): Promise<void>
  /** Through another connection, where the one that ran the step is gone: the step stays begun. */
  lost(client: GuardClient, step: GuardStep, problem: string): Promise<void>
}

/** The journal as one run writes it; `token` tells the rows of this run from those of others. */
export function openJournal(
  client: GuardClient,
  { steps: table }: GuardTables,
  token: string,
): Journal {
  const write = async (sql: string, step: GuardStep, ...values: unknown[]): Promise<void> => {
    await client.query(sql, [step.migration.id, step.index, ...values])
  }
  const where = 'where migration = $1 and step = $2'
  return {
    read: () => readJournal(client, table),
    plan: (migration, phase) => planSteps(client, table, migration, phase),
    start: (step, attempt) =>
      write(
        `update ${table} set state = 'running', token = $3, pid = pg_backend_pid(), attempt = $4, problem = null,
         started_at = clock_timestamp(), ended_at = null ${where}`,
        step,
        token,
        attempt,
      ),
    done: (step, found) =>
      write(
        `update ${table} set state = 'done', token = $3, found = $4, problem = null, ended_at = clock_timestamp() ${where}`,
        step,
        token,
        found,
      ),
    fail: (step, problem) =>
      write(
        `update ${table} set state = 'failed', problem = $3, ended_at = clock_timestamp() ${where} and state <> 'done'`,
        step,
        problem,
      ),
    lost: async (other, step, problem) => {
      await other.query(
        `update ${table} set problem = $3 ${where} and state = 'running' and token = $4`,
        [step.migration.id, step.index, `connection lost: ${problem}`, token],
      )
    },
  }
}

/** All rows, in the order of their steps. */
export function readJournal(client: GuardClient, table: string): Promise<JournalRow[]> {
  return rowsOf(
    client,
    `select migration, step, checksum, phase, state from ${table} order by migration, step`,
  )
}

async function planSteps(
  client: GuardClient,
  table: string,
  { migration, checksum, steps }: SteppedMigration,
  phase: Phase,
): Promise<void> {
  const texts = steps.map(({ statements }) =>
    statements.map(({ sql }) => firstLine(sql)).join('; '),
  )
  await client.query('begin')
  await client.query(
    `delete from ${table} where migration = $1 and (checksum <> $2 or step >= $3)`,
    [migration.id, checksum, steps.length],
  )
  await client.query(
    `insert into ${table} (migration, step, file, checksum, phase, statement, state)
     select $1, (place - 1)::int, $2, $3, $4, text, 'planned' from unnest($5::text[]) with ordinality as given (text, place)
     on conflict do nothing`,
    [migration.id, migration.file, checksum, phase, texts],
  )
  await client.query('commit')
}
