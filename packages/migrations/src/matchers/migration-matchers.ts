import type { ContractInput } from '../check/check-options.ts'
import { checkMigrations } from '../check/check-migrations.ts'
import { proveContract } from '../check/prove-contract.ts'
import { PHASES } from '../phase.ts'
import type { Phase } from '../phase.ts'
import { formatProof } from '../reports/format-proof.ts'
import { formatReport } from '../reports/format-report.ts'
import { count } from '../reports/shown.ts'
import {
  concernsLocks,
  concernsQueries,
  leavesPhaseOpen,
  narrowReport,
  phaseOf,
} from './narrow-report.ts'
import { invalid, migrationsOf, reportOf } from './received.ts'
import type { MatcherOptions } from './received.ts'

/** Options of `toKeepContract`. */
export type KeepOptions = Omit<MatcherOptions, 'live' | 'rollbackTarget'>

/** What a matcher answers, for vitest and jest alike. */
export interface MatcherResult {
  readonly pass: boolean
  message(): string
}

/** The matchers as `expect.extend` takes them; they do not depend on the runner. */
// An interface would not pass for the record that `expect.extend` of vitest wants.
// oxlint-disable-next-line typescript/consistent-type-definitions
export type MigrationMatcherFunctions = {
  toBeSafeToDeploy(received: unknown, options?: MatcherOptions): Promise<MatcherResult>
  toMatchPhase(received: unknown, phase: Phase, options?: MatcherOptions): Promise<MatcherResult>
  toKeepContract(
    received: unknown,
    contract: ContractInput,
    options?: KeepOptions,
  ): Promise<MatcherResult>
  toHoldNoLockWhileScanning(received: unknown, options?: MatcherOptions): Promise<MatcherResult>
}

/**
 * The matchers by hand, for a runner whose `expect` is not the global one. Importing `@changeover/migrations/vitest` or
 * `@changeover/migrations/jest` is enough otherwise.
 *
 * @example
 * ```ts
 * expect.extend(migrationMatchers)
 * ```
 */
export const migrationMatchers: MigrationMatcherFunctions = {
  toBeSafeToDeploy,
  toMatchPhase,
  toKeepContract,
  toHoldNoLockWhileScanning,
}

async function toBeSafeToDeploy(
  received: unknown,
  options: MatcherOptions = {},
): Promise<MatcherResult> {
  const report = await reportOf(received, options, 'toBeSafeToDeploy')
  return result(report.verdict === 'safe', 'be safe to deploy', formatReport(report))
}

async function toMatchPhase(
  received: unknown,
  phase: Phase,
  options: MatcherOptions = {},
): Promise<MatcherResult> {
  if (!PHASES.includes(phase))
    throw invalid('toMatchPhase', `"${phase}" is no phase: give one of ${PHASES.join(', ')}.`)
  const report = await reportOf(received, options, 'toMatchPhase')
  const open = report.findings.some(leavesPhaseOpen)
  const phases = report.migrations.map((one) => `${one.file}: ${phaseOf(one)}`)
  const pass = !open && report.migrations.every((one) => phaseOf(one) === phase)
  return result(pass, `be of the phase ${phase}`, [...phases, '', formatReport(report)].join('\n'))
}

async function toKeepContract(
  received: unknown,
  contract: ContractInput,
  options: KeepOptions = {},
): Promise<MatcherResult> {
  const migrations = migrationsOf(received, 'toKeepContract')
  const goal = `keep the contract (${count(contract.queries.length, 'query', 'queries')})`
  const { oracle, schema = '', transactions, serverVersion, signal } = options
  if (!oracle || (options.dialect ?? 'postgres') !== 'postgres') {
    const release =
      contract.release === undefined || contract.release === '' ? 'unnamed' : contract.release
    const report = await checkMigrations({ ...options, migrations, live: [{ release, contract }] })
    const narrow = narrowReport(report, concernsQueries)
    return result(narrow.verdict === 'safe', goal, formatReport(narrow))
  }
  const proof = await proveContract({
    contract,
    schema,
    migrations,
    oracle,
    ...(transactions === undefined ? {} : { transactions }),
    ...(serverVersion === undefined ? {} : { serverVersion }),
    ...(signal === undefined ? {} : { signal }),
  })
  return result(proof.verdict === 'safe', goal, formatProof(proof))
}

async function toHoldNoLockWhileScanning(
  received: unknown,
  options: MatcherOptions = {},
): Promise<MatcherResult> {
  const report = await reportOf(received, options, 'toHoldNoLockWhileScanning')
  const narrow = narrowReport(report, concernsLocks)
  const goal = 'hold no lock that others wait for while the server works through a table'
  return result(narrow.verdict === 'safe', goal, formatReport(narrow))
}

function result(pass: boolean, goal: string, details: string): MatcherResult {
  const wish = pass ? `not to ${goal}` : `to ${goal}`
  return { pass, message: () => `Expected the migrations ${wish}:\n\n${details}` }
}
