import type { RuleTexts } from './rule.ts'

const REBUILD = `-- in one transaction, with PRAGMA foreign_keys=OFF before it:
CREATE TABLE new_{table} (...);
INSERT INTO new_{table} (...) SELECT ... FROM {table};
DROP TABLE {table};
ALTER TABLE new_{table} RENAME TO {table};`
const AT_ONCE = 'It holds at once, for releases that run already as well.'

/** What the rules say on SQLite, and the rules that only it has. */
export const SQLITE_TEXTS: RuleTexts = {
  'view-not-writable': {
    title: 'A view takes the place of a table',
    message: 'Releases that write to {table} are refused from then on: it is a view.',
    why: 'SQLite writes to a view only where an INSTEAD OF trigger says how.',
    fix: '-- expand: in the same transaction\nCREATE TRIGGER {table}_insert INSTEAD OF INSERT ON {table} BEGIN ... END;',
  },
  'change-type': {
    title: 'A column has another type',
    message: 'Values of {column} of {table} may come back as {type} instead of {old}.',
    why: 'SQLite turns what is written into the type of the column where that loses nothing.',
    fix: '-',
  },
  'sqlite/refused': {
    title: 'SQLite refuses the statement',
    message: 'The migration stops here: {problem}.',
    why: 'SQLite changes few things in a table that is there; for all others the table is written anew.',
    fix: REBUILD,
  },
  'sqlite/syntax-error': {
    title: 'A statement that SQLite cannot read',
    message: 'The migration stops here: {problem}.',
    why: 'What cannot be read may do anything.',
    fix: '-',
  },
  'sqlite/drop-column': {
    title: 'A column goes',
    message: 'Every release that reads or writes {column} of {table} fails from then on.',
    why: `Queries that name it are refused (no such column). ${AT_ONCE}`,
    fix: '-- deploy a release that no longer uses {column}; once no other one is live:\n-- contract\nALTER TABLE {table} DROP COLUMN {column};',
  },
  'sqlite/rename-column': {
    title: 'A column is renamed',
    message: 'Every release that knows {column} of {table} by its old name fails from then on.',
    why: `There is no moment at which both names exist. ${AT_ONCE}`,
    fix: '-- expand\nALTER TABLE {table} ADD COLUMN {new} ...;\n-- expand: a trigger, or the next release, writes both\n-- backfill\nUPDATE {table} SET {new} = {column} WHERE id BETWEEN ? AND ?;\n-- deploy a release that uses {new} alone; once no other one is live:\n-- contract\nALTER TABLE {table} DROP COLUMN {column};',
  },
  'sqlite/add-column-required': {
    title: 'A column that must be given and has no default',
    message: 'Releases that do not know {column} can no longer insert into {table}.',
    why: `SQLite refuses it in a table with rows; after a rebuild it refuses every INSERT that leaves it out. ${AT_ONCE}`,
    fix: '-- expand\nALTER TABLE {table} ADD COLUMN {column} {type};',
  },
  'sqlite/set-not-null': {
    title: 'A column must be given from now on',
    message:
      'Releases that write null into {column} of {table}, or leave it out, are refused from then on.',
    why: AT_ONCE,
    fix: '-- tighten: once every live release fills {column}',
  },
  'sqlite/rename-table': {
    title: 'A table is renamed',
    message: 'Every release that knows {table} by its old name fails from then on.',
    why: `There is no moment at which both names exist (no such table). ${AT_ONCE}`,
    fix: '-- keep the name; or, in one transaction, a view under the old name with INSTEAD OF triggers for those who write',
  },
  'sqlite/drop-table': {
    title: 'A table goes, or its rows do',
    message: 'Every release that uses {table} fails from then on, or finds it empty.',
    why: AT_ONCE,
    fix: '-- contract: once no live release uses it\nDROP TABLE {table};',
  },
  'sqlite/drop-view': {
    title: 'A view goes',
    message: 'Every release that reads {view} fails from then on.',
    why: AT_ONCE,
    fix: '-- contract: once no live release reads it\nDROP VIEW {view};',
  },
  'sqlite/drop-trigger': {
    title: 'A trigger goes',
    message: 'What {object} did when a release wrote is no longer done.',
    why: AT_ONCE,
    fix: '-- contract: once no live release relies on it',
  },
  'sqlite/add-foreign-key': {
    title: 'A foreign key',
    message: 'Releases whose rows of {table} point at nothing are refused from then on.',
    why: 'It holds for connections with PRAGMA foreign_keys=ON; rows that are there are not looked at.',
    fix: '-- tighten: once every live release complies',
  },
  'sqlite/add-check-valid': {
    title: 'A check',
    message: 'Releases whose rows of {table} break the new check are refused from then on.',
    why: AT_ONCE,
    fix: '-- tighten: once every live release complies',
  },
  'sqlite/drop-default-required': {
    title: 'A default goes on which writers may rely',
    message:
      'Releases that leave {column} out when they insert into {table} are refused from then on.',
    why: AT_ONCE,
    fix: '-- contract: once every live release gives {column} itself',
  },
  'sqlite/drop-unique-index': {
    title: 'A unique key goes',
    message: 'INSERT ... ON CONFLICT ({columns}) on {table} fails from then on.',
    why: 'An upsert needs a unique key on just the columns that it names.',
    fix: '-- contract: once no live release relies on it',
  },
  'sqlite/create-unique-index': {
    title: 'A unique key',
    message:
      'Releases that write a value twice into {columns} of {table} are refused from then on.',
    why: AT_ONCE,
    fix: '-- tighten: once every live release writes each value once',
  },
  'sqlite/unbatched-backfill': {
    title: 'All rows are written at once',
    message: 'Nobody else writes to the database until the whole of {table} is done.',
    why: 'SQLite has one writer at a time.',
    fix: '-- backfill: in batches by primary key, each in a transaction of its own\nUPDATE {table} SET ... WHERE id BETWEEN ? AND ?;',
  },
  'sqlite/vacuum-full': {
    title: 'VACUUM',
    message: 'Nobody writes to the database until all of it has been copied.',
    why: 'VACUUM holds the one lock for writers from the beginning to the end.',
    fix: '-- when nothing else runs, or step by step:\nPRAGMA incremental_vacuum(1000);',
  },
  'sqlite/reindex-blocking': {
    title: 'REINDEX',
    message: 'Nobody writes to the database until the indexes have been built anew.',
    why: 'SQLite has one writer at a time.',
    fix: '-- when nothing else runs',
  },
}
