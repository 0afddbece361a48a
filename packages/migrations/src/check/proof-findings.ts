import type { Finding } from '../finding.ts'
import { judgeObservation } from '../oracles/judge-observation.ts'
import type { Effect } from '../rules/effect.ts'
import { blamedEffect } from './blame.ts'
import { effectFinding, ruleFinding } from './effect-finding.ts'
import { concernsQueries } from './live-needs.ts'
import type { ReleaseUse } from './live-needs.ts'
import type { MigrationEffects, StatementEffects } from './migration-effects.ts'
import type { BrokenQuery, OracleProof, StatementProof } from './oracle-proof.ts'
import { effectFindings } from './static-findings.ts'

/** What the findings of a proof are made from. */
export interface ProofContext {
  readonly proof: OracleProof
  /** As in {@link effectFindings}. */
  readonly releases: readonly ReleaseUse[] | undefined
  /** The same, each with those of its queries alone that the database could not run. */
  readonly unanswered: readonly ReleaseUse[]
  /** Whether the database that was asked is of the version that is deployed to: only then its locks are the last word. */
  readonly sameVersion: boolean
}

/**
 * What a database found in a migration. It decides on locks, and on the queries of releases whose contract is known; what it
 * cannot see (lost rows, rights, releases without a contract) stays as it was read. Pure.
 */
export function proofFindings(read: MigrationEffects, context: ProofContext): Finding[] {
  return read.statements.flatMap((statement) => {
    const proof = context.proof.byStatement.get(statement)
    return [
      ...statementFindings(read, statement, proof, context),
      ...brokenFindings(read, statement, proof?.broken ?? [], context),
    ]
  })
}

function statementFindings(
  read: MigrationEffects,
  statement: StatementEffects,
  proof: StatementProof | undefined,
  context: ProofContext,
): Finding[] {
  const observation = proof?.observation
  if (observation?.error) return [refusedFinding(read, statement, observation.error)]
  const locks = observation && judgeObservation(observation)
  const overruled = locks?.verdict === 'safe' && context.sameVersion
  const kept = statement.effects.flatMap((effect) => {
    const found = proof?.asked
      ? keptFindings(read, statement, effect, context)
      : effectFindings(read, statement, effect, context.releases)
    return overruled && claimsWork(effect) ? withoutLocks(found) : found
  })
  const explained = kept.some(({ classes }) => classes.includes('lock'))
  if (locks?.verdict !== 'unsafe' || explained) return kept
  return [...kept, lockFinding(read, statement, locks.message)]
}

/**
 * Whether an effect says that the server works through a table, which a database was seen not to do. A lock that is only held, or
 * an update whose cost depends on the rows, is not refuted by a few made-up rows.
 */
function claimsWork({ locks = [] }: Effect): boolean {
  return locks.some(({ work }) => work === 'scan' || work === 'index-build' || work === 'rewrite')
}

/** The findings by reading, less what the database itself will answer. */
function keptFindings(
  read: MigrationEffects,
  statement: StatementEffects,
  effect: Effect,
  { releases, unanswered }: ProofContext,
): Finding[] {
  if (!releases || effect.unobservable) return effectFindings(read, statement, effect, releases)
  const executed =
    !concernsQueries(effect) && effect.adds === undefined ? effect : executionOnly(effect)
  return effectFindings(
    read,
    statement,
    executed ?? effect,
    executed ? unanswered : unanswered.filter(({ queries }) => !queries),
  )
}

/** What a proof is judged with. */
export function proofContext(
  proof: OracleProof,
  releases: readonly ReleaseUse[] | undefined,
  sameVersion: boolean,
): ProofContext {
  const unanswered = (releases ?? []).map(({ release, queries }) => ({
    release,
    queries: queries?.filter(({ query }) =>
      proof.unexecuted.some((one) => one.release === release && one.query.sql === query.sql),
    ),
  }))
  return { proof, releases, unanswered, sameVersion }
}

/** What only shows where rows are written; all else the database tells when it plans a query. Undefined where there is no such. */
function executionOnly(effect: Effect): Effect | undefined {
  const removes = (effect.removes ?? []).filter(({ kind }) => ON_EXECUTION.has(kind))
  const left: Effect = { ...effect, removes, adds: [] }
  return concernsQueries(left) ? left : undefined
}

const ON_EXECUTION: ReadonlySet<string> = new Set(['insert', 'write', 'label'])

function withoutLocks(findings: readonly Finding[]): Finding[] {
  return findings.flatMap((finding) => {
    const classes = finding.classes.filter((one) => one !== 'lock')
    const onlyLock = finding.classes.length > 0 && classes.length === 0
    return onlyLock ? [] : [{ ...finding, classes }]
  })
}

/** Queries that break with the transaction of a statement, which is the one that explains it. */
function brokenFindings(
  { migration }: MigrationEffects,
  statement: StatementEffects,
  broken: readonly BrokenQuery[],
  { releases = [] }: ProofContext,
): Finding[] {
  return broken.flatMap((one) => {
    const { release, query, when, error } = one
    const effect = blamedEffect(statement, one, releases)
    if (!effect) return []
    return effectFinding(migration, statement, effect, {
      verdict: 'unsafe',
      classes: ['compat'],
      release,
      query: query.sql,
      error,
      message: `Release ${release} ${HOW[when]}: ${error.message} (${error.code}). Its query: ${query.sql}`,
    })
  })
}

const HOW = {
  fresh: 'can no longer run one of its queries',
  warm: 'has a prepared statement open that fails from now on',
}

/** The server's own words, with the rule that foretold them where there is one. */
function refusedFinding(
  { migration }: MigrationEffects,
  statement: StatementEffects,
  error: { readonly code: string; readonly message: string },
): Finding {
  const { sql, place, effects } = statement
  const foretold = effects.find(({ refused }) => refused)
  if (foretold) return effectFinding(migration, statement, foretold, { error })
  const classes = error.code.startsWith('23') ? (['data'] as const) : (['compat'] as const)
  const phase = effects[0]?.phase ?? 'expand'
  const names = { problem: `${error.message} (${error.code})` }
  const facts = { rule: 'server-refuses', classes, verdict: 'unsafe', phase, names } as const
  return ruleFinding({ ...facts, migration, place, statement: sql }, { error })
}

function lockFinding(
  { migration }: MigrationEffects,
  { sql, place, effects }: StatementEffects,
  problem: string,
): Finding {
  const phase = effects[0]?.phase ?? 'expand'
  const facts = { rule: 'lock-observed', classes: ['lock'], verdict: 'unsafe', phase } as const
  return ruleFinding({ ...facts, names: { problem }, migration, place, statement: sql })
}

/** Queries that did not even run before the migrations: the schema or the contract is not the right one. */
export function brokenBeforeFindings(
  { migration }: MigrationEffects,
  { brokenBefore }: OracleProof,
): Finding[] {
  return brokenBefore.map(({ release, query, error }) => {
    const names = { release, problem: `${error.message} (${error.code})` }
    const facts = {
      rule: 'broken-before',
      classes: [],
      verdict: 'unknown',
      phase: 'expand',
    } as const
    const place = { line: migration.firstLine ?? 1, column: 1 }
    return ruleFinding(
      { ...facts, names, migration, place, statement: '' },
      { release, query: query.sql, error },
    )
  })
}
