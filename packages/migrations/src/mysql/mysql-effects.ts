import type { CheckSettings } from '../check/check-options.ts'
import { releaseUses } from '../check/live-needs.ts'
import type { MigrationEffects, ReadEffects, StatementEffects } from '../check/migration-effects.ts'
import { readMigration } from '../dialects/read-migration.ts'
import type { ReadMigration, ReadStatement } from '../dialects/read-migration.ts'
import { refuse } from '../migration-error.ts'
import { importPeer } from '../oracles/peers.ts'
import { MYSQL_TEXTS } from '../rules/mysql-texts.ts'
import type { Effect } from '../rules/effect.ts'
import type { Need } from '../rules/effect.ts'
import { mysqlLexis } from './lexis.ts'
import type { MysqlServer } from './lexis.ts'
import { queryUses } from './query-uses.ts'
import { readStatement } from './read-statement.ts'
import { createMysqlSchema } from './schema.ts'
import type { MysqlSchema } from './schema.ts'
import type { MysqlSession } from './alter-effects.ts'
import { statementEffects } from './statement-effects.ts'

/** Reads a statement into the tree of the parser; undefined where it cannot. */
type Parse = (sql: string) => unknown

/**
 * Reads migrations for MySQL or MariaDB, each statement on the schema that it will meet.
 *
 * DDL is read by a small recogniser that refuses what it does not know; the queries of releases, which may be anything, by a parser.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_PEER_MISSING`, or `CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED` where the schema
 * cannot be cut into statements
 */
export async function mysqlEffects(settings: CheckSettings): Promise<ReadEffects> {
  const { live, migrations, serverVersion, dialect } = settings
  const server: MysqlServer = { dialect: dialect === 'mariadb' ? dialect : 'mysql', serverVersion }
  const schema = loadSchema(settings.schema, server)
  const parse = live && (await loadParser())
  const releases = live && parse && releaseUses(live, (sql) => usesOf(sql, schema, parse))
  const read = migrations.map((one) => readMigration(one, mysqlLexis(server)))
  const session = { dialect: server.dialect, foreignKeyChecks: true }
  return { releases, migrations: read.map((one) => migrationEffects(one, schema, session)) }
}

function loadSchema(sql: string | undefined, server: MysqlServer): MysqlSchema {
  const schema = createMysqlSchema()
  const migration = { id: 'schema', file: 'schema.sql', sql: sql ?? '' }
  const { statements, unreadable } = readMigration(migration, mysqlLexis(server))
  const [first] = unreadable
  if (first) {
    const { problem, place } = first
    throw refuse('CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED', {
      problem,
      place: `${place.line}:${place.column}`,
    })
  }
  for (const { tokens } of statements) schema.apply(readStatement(tokens))
  schema.seal()
  return schema
}

async function loadParser(): Promise<Parse> {
  const peer = await importPeer(
    '@guanmingchiu/sqlparser-ts',
    'checkMigrations for MySQL',
    () => import('@guanmingchiu/sqlparser-ts'),
  )
  await peer.init()
  return (sql) => {
    try {
      return peer.parse(sql, 'mysql')
    } catch {
      return undefined
    }
  }
}

function usesOf(sql: string, schema: MysqlSchema, parse: Parse): readonly Need[] | undefined {
  const tree = parse(sql)
  return tree === undefined ? undefined : queryUses(tree, schema)
}

/** What earlier statements of the same connection have set. */
type Session = { -readonly [Key in keyof MysqlSession]: MysqlSession[Key] }

function migrationEffects(
  { migration, statements, directives, unreadable }: ReadMigration,
  schema: MysqlSchema,
  session: Session,
): MigrationEffects {
  const judged = statements.map((one) => judge(one, schema, session))
  return { migration, statements: judged, directives, unreadable }
}

/** DDL commits what is open, so no statement shares a transaction with it. */
function judge(
  { sql, place, tokens }: ReadStatement,
  schema: MysqlSchema,
  session: Session,
): StatementEffects {
  const statement = readStatement(tokens)
  const effects = statementEffects(statement, schema, session).map(inDialect)
  schema.apply(statement)
  if (statement.is === 'foreign-key-checks') session.foreignKeyChecks = statement.on
  const control = statement.is === 'control' ? statement.control : undefined
  return { sql, place, effects, control, transaction: undefined, placeOf: () => place }
}

function inDialect(effect: Effect): Effect {
  const text = `mysql/${effect.rule}`
  return effect.text === undefined && text in MYSQL_TEXTS ? { ...effect, text } : effect
}
