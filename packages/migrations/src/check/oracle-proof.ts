import type { ContractQuery, LiveRelease } from '../contracts/contract.ts'
import type {
  Observation,
  OracleSession,
  QueryOutcome,
  SchemaOracle,
} from '../oracles/schema-oracle.ts'
import { byTransaction } from '../sql/by-transaction.ts'
import { blamedStatement } from './blame.ts'
import type { ReadEffects, StatementEffects } from './migration-effects.ts'

/** A query that worked before the migrations and does not any more. */
export interface BrokenQuery {
  readonly release: string
  readonly query: ContractQuery
  /** `warm`: through a statement that the release prepared before; `fresh`: sent anew. */
  readonly when: 'warm' | 'fresh'
  readonly error: { readonly code: string; readonly message: string }
}

/** What a database said about a statement. */
export interface StatementProof {
  /** Undefined where it was not run, because an earlier one failed. */
  readonly observation: Observation | undefined
  /** Whether the queries were run after its transaction. Where they were not, nothing is known of them. */
  readonly asked: boolean
  /** Queries that broke with the transaction of the statement; told at the statement that explains it. */
  readonly broken: readonly BrokenQuery[]
}

/** Proofs by statement, and queries that did not even work before. */
export interface OracleProof {
  readonly byStatement: ReadonlyMap<StatementEffects, StatementProof>
  readonly brokenBefore: readonly BrokenQuery[]
  /** Queries that made-up rows or values refused before: that they can be planned is proved, not what they do. */
  readonly unexecuted: readonly BrokenQuery[]
}

/** One query of one release. */
interface Asked {
  readonly release: string
  readonly query: ContractQuery
  readonly before: QueryOutcome
}

/** Runs the migrations on a scratch database, and after each transaction every query of every live release. */
export async function proveOnOracle(
  oracle: SchemaOracle,
  schema: string,
  { migrations, releases = [] }: ReadEffects,
  live: readonly LiveRelease[],
  signal?: AbortSignal,
): Promise<OracleProof> {
  const session = await oracle.open(schema, signal ? { signal } : {})
  try {
    const { asked, ...failing } = await warm(session, live)
    const byStatement = new Map<StatementEffects, StatementProof>()
    let known: readonly BrokenQuery[] = []
    for (const group of byTransaction(migrations.flatMap(({ statements }) => statements))) {
      signal?.throwIfAborted()
      const proofs = await runGroup(session, group)
      const failed = proofs.some(([, observation]) => observation?.error)
      const broken = failed ? known : await ask(session, asked)
      const sent = proofs.map(([statement]) => statement)
      const blamed = newOnes(broken, known).map((one) => ({
        one,
        at: blamedStatement(sent, one, releases),
      }))
      for (const [statement, observation] of proofs) {
        const own = blamed.flatMap(({ one, at }) => (at === statement ? [one] : []))
        byStatement.set(statement, { observation, asked: !failed, broken: own })
      }
      known = broken
      if (failed) break
    }
    return { byStatement, ...failing }
  } finally {
    await session.close()
  }
}

async function runGroup(
  session: OracleSession,
  group: readonly StatementEffects[],
): Promise<[StatementEffects, Observation | undefined][]> {
  const sent = group.filter(({ control }) => control === undefined)
  const rollback = group.some(({ control }) => control === 'rollback')
  const transaction = group[0]?.transaction !== undefined
  const texts = sent.map(({ sql }) => sql)
  const observed = texts.length === 0 ? [] : await session.run(texts, { transaction, rollback })
  return sent.map((statement, index) => [statement, observed[index]])
}

async function warm(
  session: OracleSession,
  live: readonly LiveRelease[],
): Promise<{ asked: readonly Asked[] } & Omit<OracleProof, 'byStatement'>> {
  const all = live.flatMap(({ release, contract }) =>
    (contract?.queries ?? []).map((query) => ({ release, query })),
  )
  const outcomes = await session.warm(all.map(({ query }) => query))
  const asked = all.map((one, index) => ({ ...one, before: outcomes[index] ?? { shape: [] } }))
  const failing = asked.flatMap(({ before, ...one }): BrokenQuery[] =>
    before.error ? [{ ...one, when: 'fresh', error: before.error }] : [],
  )
  return {
    asked,
    brokenBefore: failing.filter(({ error }) => !isAboutData(error)),
    unexecuted: failing.filter(({ error }) => isAboutData(error)),
  }
}

/** All queries that worked before and do not now, through warm statements only where the release has such. */
async function ask(session: OracleSession, asked: readonly Asked[]): Promise<BrokenQuery[]> {
  if (asked.length === 0) return []
  const fresh = await session.runFresh(asked.map(({ query }) => query))
  const warmed = await session.runWarm()
  return asked.flatMap((one, index): BrokenQuery[] => {
    const { release, query, before } = one
    if (before.error && !isAboutData(before.error)) return []
    const counts = (error: QueryOutcome['error']): boolean => !(before.error && isAboutData(error))
    const now = breakage(before, fresh[index])
    if (now && counts(now)) return [{ release, query, when: 'fresh', error: now }]
    const then = query.named ? warmed[index]?.error : undefined
    return then && counts(then) ? [{ release, query, when: 'warm', error: then }] : []
  })
}

/** A value or row that the server refuses, once it has understood the query. */
function isAboutData(error: QueryOutcome['error']): boolean {
  return error !== undefined && /^2[23]/.test(error.code)
}

/** Columns may be added (a star brings more); those that were there must come back as they were. */
function breakage(before: QueryOutcome, now: QueryOutcome | undefined): QueryOutcome['error'] {
  if (now?.error) return now.error
  const missing = before.shape.find((column) => {
    return !now?.shape.some(
      ({ name, type }) => name === column.name && base(type) === base(column.type),
    )
  })
  if (!missing) return undefined
  const message = `the result no longer has the column "${missing.name}" of type ${missing.type}`
  return { code: 'result-shape', message }
}

/** A type without its modifiers: what a driver goes by when it reads a value. */
function base(type: string): string {
  return type.replace(/\(.*\)/, '')
}

function newOnes(broken: readonly BrokenQuery[], known: readonly BrokenQuery[]): BrokenQuery[] {
  return broken.filter(({ release, query }) => {
    return !known.some((one) => one.release === release && one.query.id === query.id)
  })
}
