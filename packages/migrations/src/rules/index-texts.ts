import type { RuleTexts } from './rule.ts'

/** Rules about indexes. */
export const INDEX_TEXTS: RuleTexts = {
  'create-index-blocking': {
    title: 'CREATE INDEX without CONCURRENTLY',
    message: 'Creating {index} keeps every write to {table} waiting until the index is built.',
    why: 'CREATE INDEX holds a SHARE lock on the table while it reads all of its rows.',
    fix: '-- expand: a file of its own, outside of a transaction\nCREATE {unique}INDEX CONCURRENTLY {index} ON {table} ({columns});',
  },
  'create-index-concurrently': {
    title: 'CREATE INDEX CONCURRENTLY',
    message: '{index} is built while {table} is read and written.',
    why: 'SHARE UPDATE EXCLUSIVE conflicts with no reader and no writer. A build that fails leaves an invalid index behind.',
    fix: '-',
  },
  'create-unique-index-concurrently': {
    title: 'CREATE UNIQUE INDEX CONCURRENTLY',
    message:
      'From now on {table} refuses rows that repeat ({columns}); a release that still writes such rows fails.',
    why: 'The rule holds for writers before the build is over; rows that repeat already make the build fail and leave an invalid index.',
    fix: '-- tighten: only once no live release writes duplicates\nSELECT {columns} FROM {table} GROUP BY {columns} HAVING count(*) > 1;\nCREATE UNIQUE INDEX CONCURRENTLY {index} ON {table} ({columns});',
  },
  'create-index-if-not-exists': {
    title: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS',
    message: 'An invalid {index} that an earlier attempt left behind would be kept in silence.',
    why: 'IF NOT EXISTS looks at the name alone. A build that was interrupted leaves an index of that name that no query uses.',
    fix: "-- expand: look first\nSELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{index}');\nDROP INDEX CONCURRENTLY IF EXISTS {index}; -- where it is not valid\nCREATE {unique}INDEX CONCURRENTLY {index} ON {table} ({columns});",
  },
  'create-index-new-table': {
    title: 'An index on a table that nobody uses yet',
    message: '{table} is new, nobody waits for {index}.',
    why: 'The table was created by the same plan, or is temporary.',
    fix: '-',
  },
  'create-index-matview': {
    title: 'An index on a materialized view',
    message: '{table} can be read while {index} is built; only a REFRESH waits.',
    why: 'CREATE INDEX takes a SHARE lock, and nobody but REFRESH writes to a materialized view.',
    fix: '-',
  },
  'create-index-partitioned': {
    title: 'CREATE INDEX on a partitioned table',
    message:
      'Creating {index} keeps writes to {table} and to all of its partitions waiting until every index is built.',
    why: 'The partitions are locked (SHARE) and indexed one after the other in one transaction; CONCURRENTLY is refused here.',
    fix: '-- expand\nCREATE {unique}INDEX {index} ON ONLY {table} ({columns});\n-- for each partition, outside of a transaction\nCREATE {unique}INDEX CONCURRENTLY {index}_part ON partition ({columns});\nALTER INDEX {index} ATTACH PARTITION {index}_part;',
  },
  'create-index-concurrently-partitioned': {
    title: 'CREATE INDEX CONCURRENTLY on a partitioned table',
    message: 'The server refuses to create {index} concurrently: {table} is partitioned.',
    why: '0A000: a partitioned table has no rows of its own to index.',
    fix: '-- expand\nCREATE {unique}INDEX {index} ON ONLY {table} ({columns});\n-- for each partition, outside of a transaction\nCREATE {unique}INDEX CONCURRENTLY {index}_part ON partition ({columns});\nALTER INDEX {index} ATTACH PARTITION {index}_part;',
  },
  'create-index-only-parent': {
    title: 'CREATE INDEX ON ONLY',
    message:
      '{index} is entered for {table} alone; nothing is built until the partitions bring theirs.',
    why: 'ON ONLY leaves the partitions alone. The index is invalid until each partition has one attached.',
    fix: '-',
  },
  'not-in-transaction': {
    title: 'A command that refuses a transaction, inside of one',
    message: 'The server refuses {command} here: it cannot run inside of a transaction.',
    why: '25001: the command commits on its own between its passes. The migration stops here, and the transaction is rolled back.',
    fix: '-- a file of its own with this one statement, and no transaction around it:\n{statement};',
  },
  'already-exists': {
    title: 'IF NOT EXISTS, and it is there',
    message: '{object} is there already: nothing happens.',
    why: 'IF NOT EXISTS looks at the name alone.',
    fix: '-',
  },
  'drop-missing': {
    title: 'IF EXISTS, and it is not there',
    message: '{object} is not there: nothing happens.',
    why: 'IF EXISTS passes over what the schema does not have.',
    fix: '-',
  },
  'drop-new-object': {
    title: 'Something is dropped that this plan created',
    message: '{object} is new in this plan: nobody uses it.',
    why: 'What was created in the same plan is not known to any running release.',
    fix: '-',
  },
  'drop-index-blocking': {
    title: 'DROP INDEX without CONCURRENTLY',
    message:
      'Dropping {index} waits for every query on {table}, and all later ones wait behind it.',
    why: 'DROP INDEX takes ACCESS EXCLUSIVE on the table. It is brief, but queues behind the longest reader.',
    fix: '-- a file of its own, outside of a transaction\nDROP INDEX CONCURRENTLY {index};',
  },
  'drop-index-concurrently': {
    title: 'DROP INDEX CONCURRENTLY',
    message: '{index} goes without keeping anyone waiting; queries that used it get slower.',
    why: 'SHARE UPDATE EXCLUSIVE conflicts with no reader and no writer.',
    fix: '-',
  },
  'drop-index-concurrently-refused': {
    title: 'DROP INDEX CONCURRENTLY that the server refuses',
    message: 'The server refuses to drop {index} concurrently.',
    why: 'CONCURRENTLY takes one index at a time, no CASCADE, and no index of a partitioned table.',
    fix: '-- one statement for each index\nDROP INDEX CONCURRENTLY {index};',
  },
  'drop-index-of-constraint': {
    title: 'An index that a constraint needs',
    message: 'The server refuses to drop {index}: the constraint {constraint} of {table} needs it.',
    why: '2BP01: the index and the constraint go together.',
    fix: '-- contract: once no live release relies on the constraint\nALTER TABLE {table} DROP CONSTRAINT {constraint};',
  },
  'drop-unique-index': {
    title: 'A unique index is dropped',
    message:
      'Every INSERT ... ON CONFLICT ({columns}) on {table} fails once {index} is gone, and duplicates are let in.',
    why: '42P10: ON CONFLICT needs a unique index on exactly these columns.',
    fix: '-- 1. deploy a release that does not upsert on ({columns})\n-- 2. contract: once no older release is live\nDROP INDEX CONCURRENTLY {index};',
  },
  'reindex-blocking': {
    title: 'REINDEX without CONCURRENTLY',
    message:
      'REINDEX keeps writes to the table of {object} waiting, and queries that would use its index.',
    why: 'It holds SHARE on the table and ACCESS EXCLUSIVE on the index while it reads all rows.',
    fix: '-- outside of a transaction (12 and later)\nREINDEX {kind} CONCURRENTLY {object};',
  },
  'reindex-concurrently': {
    title: 'REINDEX CONCURRENTLY',
    message: '{object} is built anew while its table is read and written.',
    why: 'SHARE UPDATE EXCLUSIVE conflicts with no reader and no writer.',
    fix: '-',
  },
  'reindex-concurrently-refused': {
    title: 'REINDEX SYSTEM CONCURRENTLY',
    message: 'The server refuses to reindex system catalogs concurrently.',
    why: 'System catalogs cannot be reindexed concurrently.',
    fix: '-- in a maintenance window, outside of a transaction\nREINDEX SYSTEM {object};',
  },
  'alter-index': {
    title: 'ALTER INDEX',
    message: 'Only what the catalog says about {index} changes.',
    why: 'No row is read. Since 12 renaming an index takes SHARE UPDATE EXCLUSIVE.',
    fix: '-',
  },
  'move-index-tablespace': {
    title: 'ALTER INDEX SET TABLESPACE',
    message: 'Every query that would use {index} waits while the index is copied.',
    why: 'The index is copied under ACCESS EXCLUSIVE.',
    fix: '-- outside of a transaction\nREINDEX (TABLESPACE name, CONCURRENTLY) INDEX {index}; -- 14 and later',
  },
}
