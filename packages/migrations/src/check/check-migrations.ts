import type { CheckReport } from '../report.ts'
import { checkOptions } from './check-options.ts'
import type { CheckOptions, CheckSettings } from './check-options.ts'
import type { Occasion } from './ignore.ts'
import { report } from './judge.ts'
import type { MigrationEffects, ReadEffects } from './migration-effects.ts'
import { proveOnOracle } from './oracle-proof.ts'
import type { OracleProof } from './oracle-proof.ts'
import { postgresEffects } from './postgres-effects.ts'
import { brokenBeforeFindings, proofContext, proofFindings } from './proof-findings.ts'
import { staticFindings } from './static-findings.ts'

/**
 * Judges schema migrations before they run: whether they break a release that is live, keep its queries waiting, or lose data.
 *
 * Reading alone gives a verdict at once; with an {@link CheckOptions.oracle} a real database decides, and with contracts in
 * {@link CheckOptions.live} every recorded query of every live release is run after each transaction.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID`, or `CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED` where the schema
 * itself does not load
 * @example
 * ```ts
 * const report = await checkMigrations({
 *   serverVersion: 15,
 *   schema: 'CREATE TABLE users (id bigint PRIMARY KEY, bio text)',
 *   migrations: ['ALTER TABLE users DROP COLUMN bio'],
 *   live: [{ release: '2.4.0', contract: { queries: ['SELECT id, bio FROM users'] } }],
 * })
 * report.verdict // 'unsafe'
 * report.findings[0]?.release // '2.4.0'
 * ```
 */
export async function checkMigrations(options: CheckOptions): Promise<CheckReport> {
  const settings = checkOptions(options, 'checkMigrations')
  const read = await readEffects(settings)
  const proof = await prove(settings, read)
  const findings = findingsOf(settings, read, proof)
  return report(read.migrations, findings, occasion(settings), settings.rollbackTarget)
}

/** What was read, and what was found on the way where the statements had to be run in order to be read. */
type ProvedEffects = ReadEffects & { readonly proof?: OracleProof }

/** Reads the migrations as their dialect has it. What the other dialects need is loaded only for them. */
async function readEffects(settings: CheckSettings): Promise<ProvedEffects> {
  if (settings.dialect === 'postgres') return postgresEffects(settings)
  if (settings.dialect === 'sqlite') {
    const { sqliteEffects } = await import('../sqlite/sqlite-effects.ts')
    return sqliteEffects(settings)
  }
  const { mysqlEffects } = await import('../mysql/mysql-effects.ts')
  return mysqlEffects(settings)
}

async function prove(
  { oracle, schema = '', live = [], signal }: CheckSettings,
  read: ProvedEffects,
): Promise<OracleProof | undefined> {
  return read.proof ?? (oracle && proveOnOracle(oracle, schema, read, live, signal))
}

function findingsOf(
  { oracle, serverVersion }: CheckSettings,
  { migrations, releases }: ReadEffects,
  proof: OracleProof | undefined,
) {
  const [first] = migrations
  const sameVersion = oracle?.serverVersion === serverVersion
  if (!proof) return (one: MigrationEffects) => staticFindings(one, releases)
  const context = proofContext(proof, releases, sameVersion)
  return (one: MigrationEffects) => {
    const before = one === first ? brokenBeforeFindings(one, proof) : []
    return [...before, ...proofFindings(one, context)]
  }
}

function occasion({ today, version }: CheckSettings): Occasion {
  return { version, today: today ?? new Date().toISOString().slice(0, 10) }
}
