import type { Case } from './case.ts'
import { COMPAT, REFUSED, SAFE, UNKNOWN } from './expectations.ts'

const SERVER =
  'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR CURRENT_USER SERVER s'
const SUBSCRIPTION =
  "CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, enabled = false)"

/** Rights, roles, replication. */
export const ACCESS_CASES: readonly Case[] = [
  { id: 'grant', sql: 'GRANT SELECT ON users TO PUBLIC', rule: 'grant', ...SAFE },
  {
    id: 'grant-role',
    setup: 'CREATE ROLE reader; CREATE ROLE app',
    sql: 'GRANT reader TO app',
    rule: 'grant',
    ...SAFE,
  },
  {
    id: 'grant-by-default',
    sql: 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC',
    rule: 'grant-by-default',
    ...SAFE,
  },
  { id: 'revoke', sql: 'REVOKE SELECT ON users FROM PUBLIC', rule: 'revoke', ...COMPAT },
  {
    id: 'revoke-schema',
    sql: 'REVOKE ALL ON SCHEMA billing FROM PUBLIC',
    rule: 'revoke',
    ...COMPAT,
  },
  {
    id: 'revoke-all-in-schema',
    sql: 'REVOKE ALL ON ALL TABLES IN SCHEMA billing FROM PUBLIC',
    rule: 'revoke',
    ...COMPAT,
  },
  {
    id: 'revoke-create',
    sql: 'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    rule: 'revoke-unused',
    ...SAFE,
  },
  {
    id: 'revoke-on-new',
    sql: "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION f() FROM PUBLIC",
    rule: 'revoke-unused',
    ...SAFE,
  },
  {
    id: 'revoke-role',
    setup: 'CREATE ROLE reader; CREATE ROLE app',
    sql: 'REVOKE reader FROM app',
    rule: 'revoke-role',
    ...COMPAT,
  },
  {
    id: 'create-policy',
    sql: 'CREATE POLICY p ON users USING (true)',
    rule: 'create-policy',
    ...SAFE,
  },
  {
    id: 'create-policy-restrictive',
    sql: 'CREATE POLICY p ON users AS RESTRICTIVE USING (age > 1)',
    rule: 'create-policy-restrictive',
    ...COMPAT,
  },
  {
    id: 'alter-policy',
    setup: 'CREATE POLICY p ON users',
    sql: 'ALTER POLICY p ON users USING (age > 1)',
    rule: 'alter-policy',
    ...COMPAT,
  },
  {
    id: 'alter-owner',
    sql: 'ALTER SCHEMA billing OWNER TO CURRENT_USER',
    rule: 'change-object-owner',
    ...SAFE,
  },
  { id: 'create-role', sql: 'CREATE ROLE fresh', rule: 'create-role', ...SAFE },
  {
    id: 'alter-role',
    setup: 'CREATE ROLE app',
    sql: 'ALTER ROLE app CONNECTION LIMIT 10',
    rule: 'alter-role',
    ...SAFE,
  },
  { id: 'drop-role', setup: 'CREATE ROLE app', sql: 'DROP ROLE app', rule: 'drop-role', ...COMPAT },
  {
    id: 'alter-extension',
    sql: 'ALTER EXTENSION plpgsql UPDATE',
    rule: 'alter-extension',
    ...UNKNOWN,
  },
  {
    id: 'alter-system',
    sql: "ALTER SYSTEM SET work_mem = '8MB'",
    rule: 'alter-system',
    ...UNKNOWN,
  },
  {
    id: 'alter-system-in-transaction',
    sql: "BEGIN; ALTER SYSTEM SET work_mem = '8MB'; COMMIT",
    rule: 'not-in-transaction',
    ...REFUSED,
  },
  {
    id: 'drop-database-in-transaction',
    sql: 'BEGIN; DROP DATABASE postgres; COMMIT',
    rule: 'not-in-transaction',
    ...REFUSED,
  },
  { id: 'drop-database', sql: 'DROP DATABASE nope', rule: 'drop-database', ...REFUSED },
  {
    id: 'alter-database',
    sql: 'ALTER DATABASE postgres CONNECTION LIMIT 100',
    rule: 'alter-object',
    ...SAFE,
  },
  {
    id: 'alter-server',
    setup: SERVER,
    sql: "ALTER SERVER s VERSION '2'",
    rule: 'alter-foreign-server',
    ...UNKNOWN,
  },
  {
    id: 'drop-user-mapping',
    setup: SERVER,
    sql: 'DROP USER MAPPING FOR CURRENT_USER SERVER s',
    rule: 'drop-user-mapping',
    ...COMPAT,
  },
  {
    id: 'alter-subscription',
    setup: SUBSCRIPTION,
    sql: 'ALTER SUBSCRIPTION s SET (binary = true)',
    rule: 'alter-subscription',
    ...UNKNOWN,
  },
  {
    id: 'drop-subscription',
    setup: SUBSCRIPTION,
    sql: 'DROP SUBSCRIPTION s',
    rule: 'drop-subscription',
    ...COMPAT,
  },
  {
    id: 'create-publication',
    sql: 'CREATE PUBLICATION p FOR TABLE users',
    rule: 'create-publication',
    ...SAFE,
  },
  {
    id: 'create-publication-without-key',
    sql: 'CREATE PUBLICATION p FOR TABLE staging_nokey',
    rule: 'publication-without-identity',
    ...COMPAT,
  },
  {
    id: 'create-publication-inserts',
    sql: "CREATE PUBLICATION p FOR TABLE staging_nokey WITH (publish = 'insert')",
    rule: 'create-publication',
    ...SAFE,
  },
  {
    id: 'alter-publication',
    setup: 'CREATE PUBLICATION p',
    sql: 'ALTER PUBLICATION p ADD TABLE users',
    rule: 'alter-publication',
    ...UNKNOWN,
  },
]
