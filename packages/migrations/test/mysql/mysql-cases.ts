import type { FindingClass, Verdict } from '../../src/finding.ts'

/** A migration on the baseline, and what is found. */
export interface MysqlCase {
  readonly sql: string
  readonly verdict: Verdict
  readonly classes: readonly FindingClass[]
  /** Of the worst finding; undefined where there is none. */
  readonly rule?: string
  /** Only on this one of the two servers. */
  readonly dialect?: 'mysql' | 'mariadb'
}

const safe = (sql: string, rule?: string): MysqlCase => ({
  sql,
  verdict: 'safe',
  classes: [],
  ...(rule === undefined ? {} : { rule }),
})
const unsafe = (
  sql: string,
  rule: string,
  classes: readonly FindingClass[] = ['compat'],
): MysqlCase => ({
  sql,
  verdict: 'unsafe',
  classes,
  rule,
})
const unknown = (sql: string, rule: string, classes: readonly FindingClass[]): MysqlCase => ({
  ...unsafe(sql, rule, classes),
  verdict: 'unknown',
})

export const MYSQL_CASES: readonly MysqlCase[] = [
  safe(
    'ALTER TABLE `users` ADD `phone` VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT "a, b" AFTER `name`',
  ),
  safe("ALTER TABLE users ADD COLUMN IF NOT EXISTS kind ENUM('a','b;c') NOT NULL DEFAULT 'a'"),
  safe('ALTER TABLE users ADD (a INT, b DECIMAL(10, 2) DEFAULT -1.5, c BOOLEAN DEFAULT FALSE)'),
  safe(
    'ALTER TABLE users ADD COLUMN seen TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
  ),
  unsafe('ALTER TABLE users ADD COLUMN tenant INT NOT NULL', 'add-column-required'),
  unsafe('ALTER TABLE users ADD tenant INT NOT NULL, ALGORITHM=INSTANT', 'add-column-required'),
  unsafe(
    'ALTER TABLE users ADD COLUMN n BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE KEY',
    'add-column-auto-increment',
    ['lock'],
  ),
  unsafe(
    'ALTER TABLE users ADD COLUMN u CHAR(36) DEFAULT (UUID())',
    'add-column-volatile-default',
    ['lock'],
  ),
  safe('ALTER TABLE users ADD COLUMN u CHAR(36) DEFAULT (UUID()), ALGORITHM=INSTANT'),
  {
    ...unsafe('ALTER TABLE users ADD COLUMN a INT CHECK (a > 0)', 'add-column-check', ['lock']),
    dialect: 'mysql',
  },
  unsafe('ALTER TABLE users DROP COLUMN IF EXISTS bio', 'drop-column'),
  unsafe('ALTER TABLE users DROP bio, DROP name', 'drop-column'),
  unsafe('ALTER TABLE users DROP COLUMN bio, ALGORITHM=NOCOPY, LOCK=NONE', 'drop-column'),
  unsafe('ALTER TABLE users CHANGE COLUMN name full_name VARCHAR(50)', 'rename-column'),
  safe('ALTER TABLE users CHANGE name name VARCHAR(55)'),
  unsafe('ALTER TABLE users MODIFY COLUMN age BIGINT', 'change-type-rewrite', ['lock']),
  safe('ALTER TABLE users MODIFY COLUMN age BIGINT, ALGORITHM=INPLACE, LOCK=NONE'),
  safe('ALTER TABLE users MODIFY COLUMN age BIGINT, ALGORITHM=INPLACE'),
  unsafe('ALTER TABLE users ADD FULLTEXT (bio), ALGORITHM=INPLACE', 'create-fulltext-index', [
    'lock',
  ]),
  unsafe('ALTER TABLE users MODIFY name VARCHAR(20)', 'change-type-rewrite', ['lock', 'compat']),
  unsafe('ALTER TABLE users MODIFY bio JSON', 'change-type-rewrite', ['lock', 'compat']),
  unsafe('ALTER TABLE users MODIFY name VARCHAR(50) NOT NULL', 'set-not-null'),
  safe('ALTER TABLE users MODIFY score INT DEFAULT 0', 'drop-not-null'),
  unsafe('ALTER TABLE users MODIFY score INT NOT NULL', 'drop-default-required'),
  safe('ALTER TABLE users ALTER COLUMN status DROP DEFAULT', 'drop-default'),
  unknown('ALTER TABLE elsewhere MODIFY a BIGINT', 'change-type-unknown', ['compat', 'lock']),
  safe(
    'CREATE INDEX users_name_idx USING BTREE ON users (name(10) DESC) COMMENT "x" ALGORITHM=INPLACE LOCK=NONE',
  ),
  unsafe('CREATE INDEX users_name_idx ON users (name) ALGORITHM=COPY', 'algorithm-copy', ['lock']),
  unsafe('ALTER TABLE users ADD INDEX (name), LOCK=EXCLUSIVE', 'lock-requested', ['lock']),
  unsafe('CREATE FULLTEXT INDEX users_bio ON users (bio)', 'create-fulltext-index', ['lock']),
  safe('ALTER TABLE users ADD CONSTRAINT users_nick UNIQUE (nickname)', 'create-unique-index'),
  unsafe('DROP INDEX users_email_key ON users', 'drop-unique-index'),
  safe('DROP INDEX users_status_idx ON users'),
  safe('ALTER TABLE users ALTER INDEX users_status_idx INVISIBLE'),
  unsafe('ALTER TABLE sessions DROP PRIMARY KEY', 'drop-primary-key', ['lock', 'compat']),
  unsafe(
    'ALTER TABLE sessions DROP PRIMARY KEY, ADD PRIMARY KEY (token, expires_at)',
    'drop-primary-key',
  ),
  unsafe(
    'ALTER TABLE orders ADD FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE SET NULL ON UPDATE CASCADE',
    'add-foreign-key',
    ['lock'],
  ),
  safe(
    'SET SESSION foreign_key_checks = 0; ALTER TABLE orders ADD FOREIGN KEY (account_id) REFERENCES accounts (id)',
    'add-foreign-key-not-valid',
  ),
  unsafe(
    'SET foreign_key_checks=0; SET foreign_key_checks=1; ALTER TABLE orders ADD FOREIGN KEY (account_id) REFERENCES accounts (id)',
    'add-foreign-key',
    ['lock'],
  ),
  safe('ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) NOT ENFORCED'),
  unsafe(
    'ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    'convert-charset',
    ['lock'],
  ),
  unsafe('ALTER TABLE users PARTITION BY HASH (id) PARTITIONS 4', 'rework-partitions', ['lock']),
  unsafe('ALTER TABLE users DROP PARTITION p0', 'drop-partition', ['compat', 'data']),
  unsafe('RENAME TABLE users TO people', 'rename-table'),
  unsafe('ALTER TABLE users RENAME people', 'rename-table'),
  unsafe('RENAME TABLE users TO users_old, accounts TO users', 'swap-table'),
  unsafe('DROP TABLE IF EXISTS users, sessions', 'drop-table'),
  safe('DROP TEMPORARY TABLE IF EXISTS users'),
  unsafe('DROP VIEW active_users', 'drop-view'),
  unsafe('DROP PROCEDURE p', 'drop-function'),
  unsafe('TRUNCATE users', 'truncate', ['compat', 'data']),
  unsafe("UPDATE users SET status = 'x' WHERE status IS NULL", 'unbatched-backfill', ['lock']),
  unsafe("UPDATE users SET status = 'x' WHERE id = owner_id", 'unbatched-backfill', ['lock']),
  safe("UPDATE users SET status = 'x' WHERE id > 0 AND id <= 1000"),
  safe("UPDATE users SET status = 'x' WHERE status IS NULL LIMIT 1000"),
  unsafe('DELETE FROM sessions', 'unbatched-backfill', ['lock']),
  unsafe('INSERT INTO accounts (id) SELECT id FROM users', 'unbatched-backfill', ['lock']),
  safe('INSERT INTO accounts (id) VALUES (1), (2)'),
  unsafe('CREATE TABLE copy AS SELECT * FROM users', 'unbatched-backfill', ['lock']),
  safe(
    'CREATE TABLE t (id INT PRIMARY KEY, j JSON, KEY (id)) ENGINE=InnoDB; ALTER TABLE t DROP COLUMN j, ALGORITHM=COPY; DROP TABLE t',
  ),
  safe('ALTER TABLE users ADD COLUMN a INT; ALTER TABLE users DROP COLUMN a'),
  unsafe('CREATE TABLE archive.users (id INT); ALTER TABLE users DROP COLUMN bio', 'drop-column'),
  unsafe('LOCK TABLES users WRITE', 'lock-table', ['lock']),
  unknown('CALL migrate_all()', 'opaque-dynamic-sql', ['compat', 'lock', 'data']),
  unknown("PREPARE s FROM 'DROP TABLE users'", 'opaque-dynamic-sql', ['compat', 'lock', 'data']),
  unknown('ALTER TABLE users FROBNICATE name', 'unparsed', ['compat', 'lock']),
  unknown('ALTER TABLE users ADD COLUMN', 'unparsed', ['compat', 'lock']),
  unknown('ALTER TABLE users DROP COLUMN bio WITH LOVE', 'unparsed', ['compat', 'lock']),
  unknown("ALTER TABLE users COMMENT='never closed", 'syntax-error', []),
  unsafe('/*!40101 ALTER TABLE users DROP COLUMN bio */', 'drop-column'),
  safe('/* ALTER TABLE users DROP COLUMN bio */ SELECT 1'),
  {
    ...unsafe('/*M!100100 ALTER TABLE users DROP COLUMN bio */', 'drop-column'),
    dialect: 'mariadb',
  },
  { ...safe('/*M!100100 ALTER TABLE users DROP COLUMN bio */'), dialect: 'mysql' },
  { ...safe('/*!80000 ALTER TABLE users DROP COLUMN bio */'), dialect: 'mariadb' },
  safe('# ALTER TABLE users DROP COLUMN bio;\n-- DROP TABLE users;\nSELECT 1'),
  unsafe('SELECT 5 --1;\n; DROP TABLE users', 'drop-table'),
  safe("INSERT INTO accounts (id) VALUES ('it\\'s; DROP TABLE users')"),
  unsafe(
    'DELIMITER $$\nCREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW BEGIN SET NEW.bio = 1; END$$\nDELIMITER ;\nDROP TABLE users;',
    'drop-table',
  ),
  safe(
    "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW BEGIN IF NEW.age > 1 THEN SET NEW.bio = 'DROP'; END IF; SET NEW.age = CASE WHEN 1 THEN 2 END; END; SELECT 1",
  ),
  safe('CREATE DEFINER=`root`@`localhost` SQL SECURITY INVOKER VIEW v AS SELECT id FROM users'),
  unknown('CREATE OR REPLACE VIEW active_users AS SELECT id FROM users', 'replace-object', [
    'compat',
  ]),
]
