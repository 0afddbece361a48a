import type { CheckOptions } from '../check/check-options.ts'
import type { LiveRelease } from '../contracts/contract.ts'
import { refuse } from '../migration-error.ts'
import type { Migration } from '../migration.ts'
import { PHASES } from '../phase.ts'
import type { Phase } from '../phase.ts'
import { loadParser, readScripts } from '../sql/read-scripts.ts'
import { dumpSchema, inSnapshot } from './dump-schema.ts'
import type { GuardClient } from './guard-client.ts'
import type { GuardSettings } from './guard-settings.ts'
import { haveTables } from './guard-tables.ts'
import { readJournal } from './journal.ts'
import { isThere } from './look.ts'
import { isSession, pendingOf, remainderOf } from './pending.ts'
import type { PendingMigration } from './pending.ts'
import type { PhasedMigration } from './select-phase.ts'
import { checksumOf, stepsOf } from './steps.ts'
import type { SteppedMigration } from './steps.ts'

/** What there is to do, and on what. */
export interface Survey {
  readonly schema: string
  readonly serverVersion: number
  /** In the order of the files. */
  readonly pending: readonly PhasedMigration[]
  readonly live: readonly LiveRelease[] | undefined
}

/**
 * Looks at the database and at the files. Changes nothing.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_CHANGED`
 */
export async function survey(
  settings: GuardSettings,
  client: GuardClient,
  serverVersion: number,
  live: Survey['live'],
): Promise<Survey> {
  await loadParser()
  const migrations = await settings.migrations()
  refuseTwins(migrations)
  // Another guard may be at work: what its journal says and what the catalog shows have to be of the same moment.
  const { pending, schema } = await inSnapshot(client, async () => {
    const left: PendingMigration[] = []
    for (const one of await pendingMigrations(settings, client, migrations))
      left.push({ ...one, seen: await seenSteps(client, one) })
    const own = settings.tables.schema
    return { pending: left, schema: settings.schema ?? (await dumpSchema(client, own)) }
  })
  const facts = { schema, serverVersion, live }
  return { ...facts, pending: await withPhases(settings, facts, pending) }
}

/** The journal goes by their ids. */
function refuseTwins(migrations: readonly Migration[]): void {
  const files = new Map<string, string>()
  for (const { id, file } of migrations) {
    const one = files.get(id)
    if (one !== undefined)
      throw refuse('CHANGEOVER_MIGRATIONS_ID_TWICE', { one, other: file, version: id })
    files.set(id, file)
  }
}

async function pendingMigrations(
  { tables, transactions }: GuardSettings,
  client: GuardClient,
  migrations: readonly Migration[],
): Promise<readonly PendingMigration[]> {
  const journal = (await haveTables(client, tables)) ? await readJournal(client, tables.steps) : []
  const done = pendingOf(readAll(migrations, transactions), journal)
  // What is done is no part of the transaction that is to come.
  const left = new Set(done.map(({ stepped }) => stepped.migration))
  return pendingOf(
    readAll(
      migrations.filter((one) => left.has(one)),
      transactions,
    ),
    journal,
  )
}

/** A build that was broken off for us may have come to its end in the server, and a person may have mended what failed. */
async function seenSteps(
  client: GuardClient,
  { steps, begun }: PendingMigration,
): Promise<ReadonlySet<number>> {
  const seen = new Set<number>()
  for (const step of steps) {
    if (isSession(step)) continue
    if (await isThere(client, step, begun.has(step.index))) seen.add(step.index)
  }
  return seen
}

function readAll(
  migrations: readonly Migration[],
  transactions: GuardSettings['transactions'],
): SteppedMigration[] {
  const scripts = readScripts(migrations, transactions)
  return migrations.map((migration, index) => {
    const script = scripts[index]
    return script
      ? stepsOf(migration, script)
      : {
          migration,
          script: { statements: [], directives: [], unreadable: [], unclosed: undefined },
          checksum: checksumOf(migration),
          steps: [],
        }
  })
}

/** What the author says holds; where he says nothing, what reading tells. */
async function withPhases(
  settings: GuardSettings,
  facts: Omit<Survey, 'pending'>,
  pending: readonly PendingMigration[],
): Promise<PhasedMigration[]> {
  if (pending.length === 0) return []
  const { migrations } = await settings.judge(checkOf(settings, facts, pending))
  return pending.map((one, index) => {
    const { declared, phase = 'contract' } = migrations[index] ?? {}
    return { pending: one, phase: one.phase ?? declared ?? phase }
  })
}

/** The question to the judge. Without the oracle: that is asked for what is to run only. */
export function checkOf(
  { transactions }: GuardSettings,
  { schema, serverVersion, live }: Omit<Survey, 'pending'>,
  pending: readonly PendingMigration[],
): CheckOptions {
  const migrations = pending.map(remainderOf)
  return {
    dialect: 'postgres',
    serverVersion,
    transactions,
    schema,
    migrations,
    ...(live ? { live } : {}),
  }
}

/** Those of earlier phases, in the order in which they will have run before a phase begins. */
export function earlierOf(
  all: readonly PhasedMigration[],
  phase: Phase,
): readonly PendingMigration[] {
  return PHASES.slice(0, PHASES.indexOf(phase)).flatMap((earlier) =>
    all.filter((one) => one.phase === earlier).map(({ pending }) => pending),
  )
}
