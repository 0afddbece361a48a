import type { FindingClass, Verdict } from '../../src/finding.ts'

/** A migration on the baseline, and what is found. */
export interface LiteCase {
  readonly sql: string
  readonly verdict: Verdict
  readonly classes: readonly FindingClass[]
  /** Of the finding; undefined where there is none. */
  readonly rule?: string
}

const COLUMNS = 'id, owner_id, balance, flags'
const copy = (definition: string, columns: string): string => `
CREATE TABLE new_accounts (${definition});
INSERT INTO new_accounts (${columns}) SELECT ${columns} FROM accounts;
DROP TABLE accounts;
ALTER TABLE new_accounts RENAME TO accounts;`

/** The twelve steps of the manual, less those that look after triggers. */
const rebuild = (definition: string, columns: string = COLUMNS): string =>
  `PRAGMA foreign_keys=OFF;\nBEGIN;${copy(definition, columns)}\nPRAGMA foreign_key_check;\nCOMMIT;\nPRAGMA foreign_keys=ON;`

const safe = (sql: string, rule?: string): LiteCase => ({
  sql,
  verdict: 'safe',
  classes: [],
  ...(rule === undefined ? {} : { rule }),
})
const unsafe = (
  sql: string,
  rule: string,
  classes: readonly FindingClass[] = ['compat'],
): LiteCase => ({
  sql,
  verdict: 'unsafe',
  classes,
  rule,
})

export const LITE_CASES: readonly LiteCase[] = [
  safe('ALTER TABLE users ADD COLUMN phone TEXT'),
  safe("ALTER TABLE users ADD COLUMN phone TEXT DEFAULT 'none'"),
  safe("ALTER TABLE users ADD COLUMN phone TEXT NOT NULL DEFAULT ''"),
  safe('ALTER TABLE users ADD COLUMN twice INT AS (score * 2) VIRTUAL'),
  safe('ALTER TABLE users ADD COLUMN boss INT REFERENCES users (id)', 'add-foreign-key'),
  safe('CREATE INDEX users_n ON users (name)'),
  safe('DROP INDEX users_status_idx'),
  safe(
    'CREATE TABLE fresh (id INTEGER PRIMARY KEY, v TEXT); ALTER TABLE fresh RENAME TO freshest; DROP TABLE freshest',
  ),
  safe(
    'CREATE TABLE fresh (id INTEGER PRIMARY KEY); INSERT INTO fresh SELECT id FROM users; UPDATE fresh SET id = id + 1',
  ),
  safe('CREATE UNIQUE INDEX users_nick ON users (nickname)', 'create-unique-index'),
  safe(
    "CREATE TRIGGER t AFTER UPDATE ON users BEGIN SELECT CASE WHEN 1 THEN 2 END; UPDATE users SET bio = 'a;b'; END",
  ),
  safe('CREATE VIEW names AS SELECT name FROM users'),
  safe("UPDATE users SET name = 'x' WHERE id BETWEEN 1 AND 1000"),
  safe(
    rebuild('id INTEGER PRIMARY KEY, owner_id INT, balance NUMERIC NOT NULL DEFAULT 0, flags INT'),
  ),
  safe(
    rebuild(
      'id INTEGER PRIMARY KEY, owner_id INT, balance NUMERIC NOT NULL DEFAULT 0, flags INT, note TEXT',
    ),
  ),
  safe(
    copy(
      'id INTEGER PRIMARY KEY, owner_id INT, balance NUMERIC NOT NULL DEFAULT 0, flags INT',
      COLUMNS,
    ),
  ),
  safe(
    rebuild(
      'id INTEGER PRIMARY KEY, owner_id INT, balance NUMERIC NOT NULL DEFAULT 0 CHECK (balance >= 0), flags INT',
    ),
    'add-check-valid',
  ),
  safe(
    rebuild('id INTEGER PRIMARY KEY, owner_id INT, balance NUMERIC NOT NULL DEFAULT 0, flags TEXT'),
    'change-type',
  ),
  safe('ALTER TABLE old_stuff RENAME TO stuff; ALTER TABLE stuff RENAME TO old_stuff'),
  unsafe(
    rebuild(
      'id INTEGER PRIMARY KEY, owner_id INT, balance NUMERIC NOT NULL DEFAULT 0',
      'id, owner_id, balance',
    ),
    'drop-column',
  ),
  unsafe(
    copy(
      'id INTEGER PRIMARY KEY, owner_id INT, balance NUMERIC NOT NULL DEFAULT 0',
      'id, owner_id, balance',
    ),
    'drop-column',
  ),
  unsafe(
    rebuild(
      'id INTEGER PRIMARY KEY, owner_id INT NOT NULL, balance NUMERIC NOT NULL DEFAULT 0, flags INT',
    ),
    'set-not-null',
  ),
  unsafe(
    rebuild('id INTEGER PRIMARY KEY, owner_id INT, balance NUMERIC NOT NULL, flags INT'),
    'drop-default-required',
  ),
  unsafe(
    rebuild(
      'id INTEGER PRIMARY KEY, owner_id INT, balance NUMERIC NOT NULL DEFAULT 0, flags INT, kind TEXT NOT NULL',
      `${COLUMNS}, kind`,
    ).replace(`SELECT ${COLUMNS}, kind`, `SELECT ${COLUMNS}, 'a'`),
    'add-column-required',
  ),
  unsafe(
    'ALTER TABLE accounts RENAME TO accounts__old; CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance NUMERIC NOT NULL DEFAULT 0); INSERT INTO accounts SELECT id, balance FROM accounts__old; DROP TABLE accounts__old',
    'drop-column',
  ),
  unsafe(
    'DROP TABLE old_stuff; CREATE TABLE old_stuff (id INTEGER PRIMARY KEY, v TEXT)',
    'drop-table',
    ['data'],
  ),
  unsafe('ALTER TABLE users ADD COLUMN tenant INTEGER NOT NULL', 'add-column-required'),
  unsafe(
    'ALTER TABLE users ADD COLUMN at TEXT DEFAULT CURRENT_TIMESTAMP',
    'add-column-volatile-default',
  ),
  unsafe('ALTER TABLE users ADD COLUMN at TEXT DEFAULT (random())', 'add-column-volatile-default'),
  unsafe('ALTER TABLE users ADD COLUMN phone TEXT UNIQUE', 'add-unique-constraint'),
  unsafe('ALTER TABLE users ADD COLUMN key INT PRIMARY KEY', 'add-primary-key'),
  unsafe(
    'ALTER TABLE users ADD COLUMN twice INT AS (score * 2) STORED',
    'add-column-generated-stored',
  ),
  unsafe('ALTER TABLE users DROP COLUMN bio', 'drop-column'),
  unsafe('ALTER TABLE users DROP COLUMN status', 'drop-column'),
  unsafe('ALTER TABLE users DROP COLUMN name', 'drop-column'),
  unsafe('ALTER TABLE users RENAME COLUMN name TO full_name', 'rename-column'),
  unsafe('ALTER TABLE [users] RENAME "name" TO full_name', 'rename-column'),
  unsafe('ALTER TABLE old_stuff RENAME TO stuff', 'rename-table'),
  unsafe(
    'ALTER TABLE old_stuff RENAME TO stuff; CREATE VIEW old_stuff AS SELECT * FROM stuff',
    'view-not-writable',
  ),
  unsafe('DROP TABLE old_stuff', 'drop-table'),
  unsafe('DROP VIEW active_users', 'drop-view'),
  unsafe('DROP INDEX users_email_key', 'drop-unique-index'),
  unsafe('DROP TRIGGER orders_touch', 'drop-trigger'),
  unsafe("UPDATE users SET name = 'x'", 'unbatched-backfill', ['lock']),
  unsafe('DELETE FROM users', 'unbatched-backfill', ['lock']),
  unsafe('VACUUM', 'vacuum-full', ['lock']),
  unsafe('DROP TABLE nowhere', 'server-refuses'),
  {
    sql: 'ALTER TABLE users MODIFY name TEXT',
    verdict: 'unknown',
    classes: [],
    rule: 'syntax-error',
  },
  {
    sql: "ALTER TABLE users ADD COLUMN note TEXT; UPDATE users SET note = 'a",
    verdict: 'unknown',
    classes: [],
    rule: 'syntax-error',
  },
]
