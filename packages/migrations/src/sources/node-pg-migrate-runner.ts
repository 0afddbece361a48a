import { relative } from 'node:path'
import type { Client } from 'pg'
import { quoteLiteral, quoteName } from '../oracles/sql-client.ts'
import type { CaptureStage, MigrationRunner } from './capture-migrations.ts'

/** What is needed of the options of `runner` of node-pg-migrate; those of the project go with it. */
export interface NodePgMigrateOptions {
  readonly dir: string | string[]
  readonly migrationsTable: string
  readonly migrationsSchema?: string
  readonly schema?: string | string[]
}

/** What the function is called with besides. */
export interface NodePgMigrateExtras {
  readonly direction: 'up'
  readonly dbClient: Client
  readonly logger: Readonly<Record<'info' | 'warn' | 'error', (message: string) => void>>
}

interface Ran {
  readonly path: string
  readonly name: string
}

const CONTROL = /^\s*(?:begin|commit)\s*;?\s*$/i

/**
 * Migrations of node-pg-migrate, those in SQL too.
 *
 * @param runner its function `runner`
 * @param options as the project runs it; its command line has `singleTransaction: true` where nothing else is said
 * @example
 * ```ts
 * // runner is node-pg-migrate's own
 * const ours = nodePgMigrateRunner(runner, { dir: 'migrations', migrationsTable: 'pgmigrations', singleTransaction: true })
 * ```
 */
export function nodePgMigrateRunner<Options extends NodePgMigrateOptions>(
  runner: (options: Options & NodePgMigrateExtras) => Promise<readonly Ran[]>,
  options: Options,
): MigrationRunner {
  return {
    tool: 'node-pg-migrate',
    run: async (stage) => {
      await stage.forget([options.migrationsTable])
      const client = new stage.driver.Client()
      await client.connect()
      await markApplied(client, options, stage)
      const from = stage.log.sent.length
      const logger = { info: ignore, warn: ignore, error: ignore }
      const ran = await runner({ ...options, direction: 'up', dbClient: client, logger })
      assign(stage, ran, from, options.migrationsTable)
    },
  }
}

function ignore(): void {}

/** As the tool itself would have done. */
async function markApplied(
  client: Client,
  { migrationsTable, migrationsSchema, schema = 'public' }: NodePgMigrateOptions,
  { applied }: CaptureStage,
): Promise<void> {
  if (applied.length === 0) return
  const [first = 'public'] = [schema].flat()
  const home = quoteName(migrationsSchema ?? first)
  const table = `${home}.${quoteName(migrationsTable)}`
  await client.query(`create schema if not exists ${home}`)
  await client.query(
    `create table if not exists ${table} (id serial primary key, name varchar(255) not null, run_on timestamp not null)`,
  )
  for (const name of applied) {
    await client.query(`insert into ${table} (name, run_on) values (${quoteLiteral(name)}, now())`)
  }
}

/**
 * It says at the end of each migration, by a row in its table, that it ran: what came after the one before is its own. The
 * first one begins where the tool has asked for those that ran.
 */
function assign(
  { log, fileOf }: CaptureStage,
  ran: readonly Ran[],
  from: number,
  table: string,
): void {
  const marks = new Map(ran.map(({ name }) => [name, markOf(table, name)]))
  const owners: (string | undefined)[] = []
  let at = log.sent.findIndex(({ text }, index) => {
    return index >= from && text.startsWith('SELECT name FROM') && text.includes(quoteName(table))
  })
  for (const { name } of ran) {
    const mark = marks.get(name)
    const end = log.sent.findIndex(({ text }, index) => index > at && mark?.test(text) === true)
    if (end < 0) throw new Error(`It did not say in ${table} when ${name} ended.`)
    for (let index = at + 1; index < end; index += 1) {
      owners[index] = CONTROL.test(log.sent[index]?.text ?? '') ? undefined : name
    }
    at = end
  }
  const files = new Map(ran.map(({ name, path }) => [name, fileOf(name, relative('', path))]))
  log.assign(files, (_, index) => owners[index])
}

function markOf(table: string, name: string): RegExp {
  const [into, row] = [quoteName(table), quoteLiteral(name)].map(escape)
  return new RegExp(
    String.raw`^INSERT INTO "[^"]*"\.${into} \(name, run_on\) VALUES \(${row}, NOW\(\)\);$`,
  )
}

function escape(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}
