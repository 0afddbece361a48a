import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACCESS_CASES } from '../cases/access-cases.ts'
import type { Case } from '../cases/case.ts'
import { COLUMN_CASES } from '../cases/column-cases.ts'
import { DEFINITION_CASES } from '../cases/definition-cases.ts'
import { INDEX_CASES } from '../cases/index-cases.ts'
import { OPERATION_CASES } from '../cases/operation-cases.ts'
import { REMOVAL_CASES } from '../cases/removal-cases.ts'
import { TABLE_CASES } from '../cases/table-cases.ts'
import { TRANSACTION_CASES } from '../cases/transaction-cases.ts'
import { TYPE_CASES } from '../cases/type-cases.ts'
import { judgeCase } from '../rules/judge-case.ts'
import type { LockWork } from '../../src/rules/effect.ts'
import type { Observation, OracleSession, SchemaOracle } from '../../src/oracles/schema-oracle.ts'
import { atLeast, strongerMode } from '../../src/rules/lock-mode.ts'
import { loadParser, readScripts } from '../../src/sql/read-scripts.ts'
import { refusesTransaction } from '../../src/sql/refuses-transaction.ts'
import { openCase, outcomeOf, runText, statementsOf } from './sample-cases.ts'
import { postgres15, postgres18 } from './servers.ts'

const lists = [
  ACCESS_CASES,
  COLUMN_CASES,
  DEFINITION_CASES,
  INDEX_CASES,
  OPERATION_CASES,
  REMOVAL_CASES,
  TABLE_CASES,
  TYPE_CASES,
]

/** How much these change is up to the rows that are there: the rules take the worst. */
const ROWS_DECIDE = new Set(['unbatched-backfill', 'refresh-concurrently'])

await loadParser()

/** Where both are right in their own words; none of it changes a verdict. */
const TOLD_OTHERWISE = new Set([
  // A scratch database has no subscriptions: they would connect to a publisher.
  'drop-subscription',
  // Reading a table under a lock that nobody waits for counts as work only where it is seen.
  'vacuum-full-off',
  // Locks of metadata on a table that the statement does not name.
  'drop-statistics',
  'rename-attribute',
  // The second of its two transactions takes the stronger lock, for a moment that is not seen.
  'detach-concurrently',
])

/** Single statements that a server carries out. */
const single = [...new Map(lists.flat().map((one) => [`${one.setup} ${one.sql}`, one])).values()]
  .filter(({ sql, verdict, fails }) => {
    return fails !== true && verdict !== 'unknown' && statementsOf(sql).length === 1
  })
  .filter(({ rule }) => !ROWS_DECIDE.has(rule))

/** Those that one transaction can try out and take back, on the schema as it is. */
const tried = single.filter((one) => one.setup === undefined && !isAlone(one))

/** Of every rule that none of these shows, a case that needs a database of its own: what comes before it, or no transaction. */
const shown = new Set(tried.map(({ rule }) => rule))
const prepared = [...new Map(single.map((one) => [one.rule, one])).values()].filter(
  ({ id, rule }) => !shown.has(rule) && !TOLD_OTHERWISE.has(id),
)

/** What only several statements do together. A transaction that nobody ends holds its locks, and does no work under them. */
const together = TRANSACTION_CASES.filter(
  ({ id, fails }) => fails !== true && id !== 'tx-left-open',
)

function isAlone({ sql }: Case): boolean {
  const [script] = readScripts([{ id: '1', file: '1.sql', sql }], 'none')
  return script?.statements.some(refusesTransaction) ?? false
}

/** `relation mode work`. */
function told(locks: readonly LockWork[]): string[] {
  return locks.map(({ relation, mode, work }) => `${relation} ${mode} ${work}`).sort()
}

const WORKS = ['none', 'scan', 'update', 'index-build', 'rewrite'] as const

/** The effects of a statement taken together, as the server tells them: one lock a relation, work done under all of them. */
function staticLocks(one: Case, version: number): string[] {
  const all = judgeCase(one, version).effects.flatMap(({ locks = [] }) => locks)
  const worst = (locks: readonly LockWork[]) =>
    WORKS.findLast((work) => locks.some((lock) => lock.work === work)) ?? 'none'
  const strong = all.filter(({ mode }) => atLeast(mode, 'SHARE UPDATE EXCLUSIVE'))
  const relations = new Set(strong.map(({ relation }) => relation))
  const merged = [...relations].map((relation): LockWork => {
    const own = strong.filter((lock) => lock.relation === relation)
    const mode = own.map((lock) => lock.mode).reduce(strongerMode)
    const work = worst(own)
    return { relation, mode, work: work === 'none' ? worst(all) : work }
  })
  return told(merged)
}

/** What the server did. */
function seen(observed: Observation | undefined): object {
  return { error: observed?.error, locks: told(observed?.locks ?? []) }
}

/** What reading says that it does. */
function foretold(one: Case, version: number): object {
  return { error: undefined, locks: staticLocks(one, version) }
}

function agreement(title: string, create: () => Promise<SchemaOracle>): void {
  describe(`${title} and the rules`, () => {
    let oracle: SchemaOracle
    let session: OracleSession
    beforeAll(async () => {
      oracle = await create()
      session = await openCase(oracle)
    }, 120_000)
    afterAll(async () => {
      await session?.close()
      await oracle?.close()
    })

    test.each(tried.map((one) => [one.id, one] as const))(
      'does what is read in %s',
      async (_, one) => {
        if ((one.from ?? 15) > oracle.serverVersion) return
        const back = { transaction: true, rollback: true }
        const [observed] = await session.run(statementsOf(one.sql), back)
        expect(seen(observed)).toEqual(foretold(one, oracle.serverVersion))
      },
    )

    test.each(prepared.map((one) => [one.id, one] as const))(
      'does what is read in %s, on a database of its own',
      async (_, one) => {
        if ((one.from ?? 15) > oracle.serverVersion) return
        await using own = await openCase(oracle, one.setup)
        const [observed] = await own.run(statementsOf(one.sql), { transaction: !isAlone(one) })
        expect(seen(observed)).toEqual(foretold(one, oracle.serverVersion))
      },
    )

    test.each(together.map((one) => [one.id, one] as const))(
      'lets others wait as is read in %s',
      async (_, one) => {
        await using own = await openCase(oracle, one.setup)
        const { locks, fails } = outcomeOf(await runText(own, one.sql))
        expect({ locks, fails }).toEqual({ locks: one.classes.includes('lock'), fails: false })
      },
    )
  })
}

agreement('PostgreSQL 18', postgres18)

const fifteen = await postgres15()
if (fifteen) agreement('PostgreSQL 15', fifteen)
