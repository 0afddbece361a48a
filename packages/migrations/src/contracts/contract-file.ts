import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { refuse } from '../migration-error.ts'
import { contractSchema } from './contract-schema.ts'
import type { Contract, ContractQuery } from './contract.ts'

/** The version of the format that is written. */
const FORMAT_VERSION = 1

/**
 * A contract as it is kept in a file: JSON, the queries in the order of their texts, so that the same queries give the same
 * file. Pure.
 */
export function formatContract(contract: Contract): string {
  const queries = contract.queries.toSorted((one, other) => compare(one.sql, other.sql))
  return `${JSON.stringify({ ...contract, version: FORMAT_VERSION, queries }, null, 2)}\n`
}

/**
 * One contract of several, such as those that the workers of a test run recorded: every query once, named if it was named
 * anywhere. The release is that of the first one that has any. Pure.
 */
export function mergeContracts(...contracts: readonly Contract[]): Contract {
  const queries = new Map<string, ContractQuery>()
  for (const query of contracts.flatMap((one) => one.queries)) {
    const known = queries.get(query.sql)
    queries.set(query.sql, known ? mergeQueries(known, query) : query)
  }
  return {
    version: FORMAT_VERSION,
    release: contracts.find(({ release }) => release !== '')?.release ?? '',
    queries: [...queries.values()].toSorted((one, other) => compare(one.sql, other.sql)),
  }
}

function mergeQueries(one: ContractQuery, other: ContractQuery): ContractQuery {
  const described = one.result === undefined && other.result !== undefined ? other : one
  const values = one.values ?? other.values
  return { ...described, named: one.named || other.named, ...(values ? { values } : {}) }
}

/**
 * Reads a contract: a file, or a folder in which each `.json` file is a part.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_CONTRACT_UNREADABLE` for what is not there, no contract, or of a later version
 * of this format
 */
export async function loadContract(path: string): Promise<Contract> {
  const files = await filesOf(path)
  return mergeContracts(...(await Promise.all(files.map(readPart))))
}

async function filesOf(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const parts = (await readdir(path)).filter((name) => name.endsWith('.json')).toSorted()
    if (parts.length > 0) return parts.map((name) => join(path, name))
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error), error)
  }
  throw unreadable(path, 'there is no .json file in it')
}

async function readPart(file: string): Promise<Contract> {
  let content: unknown
  try {
    content = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error), error)
  }
  const version = VERSIONED.safeParse(content).data?.version ?? FORMAT_VERSION
  if (version > FORMAT_VERSION)
    throw unreadable(
      file,
      `it is of version ${version} of the format, and this package knows ${FORMAT_VERSION}`,
    )
  const parsed = contractSchema.safeParse(content)
  if (!parsed.success) throw unreadable(file, z.prettifyError(parsed.error), parsed.error)
  return parsed.data
}

const VERSIONED = z.object({ version: z.number() })

function unreadable(path: string, problem: string, cause?: unknown): Error {
  return refuse('CHANGEOVER_MIGRATIONS_CONTRACT_UNREADABLE', { path, problem }, { cause })
}

/**
 * Writes a contract. A path that ends with a slash is a folder of parts, to which each worker of a test run adds one; any other
 * is a file, which is replaced. Nobody ever reads half a contract.
 */
export async function saveContract(contract: Contract, path: string): Promise<void> {
  const text = formatContract(contract)
  const file = path.endsWith('/') ? join(path, `${randomUUID()}.json`) : path
  await mkdir(dirname(file), { recursive: true })
  const temporary = join(dirname(file), `.${basename(file)}.${randomUUID()}`)
  try {
    await writeFile(temporary, text)
    await rename(temporary, file)
  } finally {
    await rm(temporary, { force: true })
  }
}

function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
