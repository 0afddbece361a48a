import type { RuleTexts } from './rule.ts'

const CHUNKS = `-- expand: a new table beside the old one, kept in step by triggers and filled in chunks; gh-ost and pt-online-schema-change do this
-- contract: swap the two with RENAME TABLE once they are equal`
const BY_ANOTHER_COLUMN = `-- expand
ALTER TABLE {table} ADD COLUMN new_column ..., ALGORITHM=INSTANT;
-- expand: the next release, or triggers, write both columns
-- backfill: in batches by primary key, each in a transaction of its own
UPDATE {table} SET new_column = {column} WHERE id BETWEEN ? AND ? AND new_column IS NULL;
-- deploy a release that uses new_column alone; once no other one is live:
-- contract
ALTER TABLE {table} DROP COLUMN {column}, ALGORITHM=INSTANT;`
const COPY =
  'The server can do this only with ALGORITHM=COPY: it writes every row into a new table and holds LOCK=SHARED meanwhile.'
const METADATA = 'Only the definition changes, and no row is touched.'
const AT_ONCE = 'It holds at once, for releases that run already as well.'

/** What rules that other servers have as well say on MySQL and MariaDB. */
export const MYSQL_SHARED_TEXTS: RuleTexts = {
  'mysql/add-column': {
    title: 'A nullable column',
    message:
      'Adds {column} to {table}; nothing that runs has to know, except an INSERT that lists no columns.',
    why: METADATA,
    fix: '-',
  },
  'mysql/add-column-default-constant': {
    title: 'A column with a constant default',
    message: 'Adds {column} to {table} with one value for all rows that are there.',
    why: METADATA,
    fix: '-',
  },
  'mysql/add-column-default-stable': {
    title: 'A column that is filled with the time',
    message: 'Adds {column} to {table}; rows that are there share the time of this moment.',
    why: METADATA,
    fix: '-',
  },
  'mysql/add-column-volatile-default': {
    title: 'A column with an expression as its default',
    message: 'Writers of {table} wait while {column} is computed for every row.',
    why: COPY,
    fix: '-- expand\nALTER TABLE {table} ADD COLUMN {column} {type}, ALGORITHM=INSTANT;\n-- expand: new rows are filled by the next release or by a trigger\n-- backfill: in batches by primary key',
  },
  'mysql/add-column-generated-stored': {
    title: 'A stored generated column',
    message: 'Writers of {table} wait while {column} is computed for every row.',
    why: COPY,
    fix: '-- expand: a virtual column can be added at once, and may be indexed\nALTER TABLE {table} ADD COLUMN {column} {type} AS (...) VIRTUAL;',
  },
  'mysql/add-column-required': {
    title: 'A column that must be given and has no default',
    message: 'Releases that do not know {column} can no longer insert into {table}.',
    why: `Strict mode refuses an INSERT that leaves out a NOT NULL column without a default (error 1364); without it, a made-up value is stored. ${AT_ONCE}`,
    fix: '-- expand\nALTER TABLE {table} ADD COLUMN {column} {type}, ALGORITHM=INSTANT;\n-- backfill, and deploy a release that fills it; once no other one is live:\n-- tighten\nALTER TABLE {table} MODIFY {column} {type} NOT NULL, ALGORITHM=INPLACE, LOCK=NONE;',
  },
  'mysql/add-column-check': {
    title: 'A column with a check',
    message: 'Writers of {table} wait while it is copied.',
    why: COPY,
    fix: '-- expand: the column without the check\nALTER TABLE {table} ADD COLUMN {column} {type}, ALGORITHM=INSTANT;',
  },
  'mysql/drop-column': {
    title: 'A column goes',
    message: 'Every release that reads or writes {column} of {table} fails from then on.',
    why: `Queries that name it are refused (error 1054). ${AT_ONCE}`,
    fix: '-- deploy a release that no longer uses {column}; once no other one is live:\n-- contract\nALTER TABLE {table} DROP COLUMN {column};',
  },
  'mysql/rename-column': {
    title: 'A column is renamed',
    message: 'Every release that knows {column} of {table} by its old name fails from then on.',
    why: `There is no moment at which both names exist (error 1054). ${AT_ONCE}`,
    fix: BY_ANOTHER_COLUMN,
  },
  'mysql/rename-table': {
    title: 'A table is renamed',
    message: 'Every release that knows {table} by its old name fails from then on.',
    why: `There is no moment at which both names exist (error 1146). ${AT_ONCE}`,
    fix: '-- in one statement with a view under the old name there is no gap only under LOCK TABLES; rather keep the name,\n-- or deploy a release that uses a view {new} first',
  },
  'mysql/change-type-rewrite': {
    title: 'A type change that copies the table',
    message: 'Writers of {table} wait while {column} turns from {old} into {type} in every row.',
    why: `${COPY} A varchar crosses that line where its bytes first may exceed 255.`,
    fix: BY_ANOTHER_COLUMN,
  },
  'mysql/change-type-safe': {
    title: 'A type change that touches no row',
    message: 'Changes {column} of {table} into {type}.',
    why: METADATA,
    fix: '-',
  },
  'mysql/change-type-unknown': {
    title: 'A type change whose beginning is not known',
    message:
      'Whether {table} is copied, and what {column} loses, depends on the definition that it has now.',
    why: 'MODIFY and CHANGE say the whole definition anew; what they leave out is gone.',
    fix: '-- give the schema to the check, or let the server refuse:\nALTER TABLE {table} MODIFY {column} {type}, ALGORITHM=INSTANT;',
  },
  'mysql/set-expression': {
    title: 'A column becomes generated, or stops being so',
    message: 'Writers of {table} wait while {column} is computed for every row.',
    why: COPY,
    fix: CHUNKS,
  },
  'mysql/set-not-null': {
    title: 'A column must be given from now on',
    message:
      'Releases that write null into {column} of {table}, or leave it out, are refused from then on.',
    why: `InnoDB rebuilds the table while writers go on, and fails on rows that hold null. ${AT_ONCE}`,
    fix: '-- backfill what is null; once every live release fills {column}:\n-- tighten\nALTER TABLE {table} MODIFY {column} {type} NOT NULL, ALGORITHM=INPLACE, LOCK=NONE;',
  },
  'mysql/drop-default-required': {
    title: 'A default goes on which writers may rely',
    message:
      'Releases that leave {column} out when they insert into {table} are refused from then on.',
    why: `Strict mode refuses an INSERT that leaves out a column without a default (error 1364). ${AT_ONCE}`,
    fix: '-- contract: once every live release gives {column} itself',
  },
  'mysql/drop-default': {
    title: 'The default of a nullable column goes',
    message: 'Rows of {table} from releases that leave {column} out hold null from then on.',
    why: `A column that may be null and has no default is null where it is not given. ${AT_ONCE}`,
    fix: '-- contract: only if every live release copes with null, or gives {column} itself',
  },
  'mysql/drop-primary-key': {
    title: 'The primary key goes',
    message:
      'Writers of {table} wait while it is copied, and INSERT ... ON DUPLICATE KEY no longer finds its rows.',
    why: COPY,
    fix: '-- put another key in its place in one statement, which InnoDB does while writers go on:\nALTER TABLE {table} DROP PRIMARY KEY, ADD PRIMARY KEY (...), ALGORITHM=INPLACE, LOCK=NONE;',
  },
  'mysql/add-primary-key': {
    title: 'A primary key comes',
    message:
      'Releases that write null or the same value twice into {columns} of {table} are refused from then on.',
    why: 'InnoDB rebuilds the table while writers go on.',
    fix: '-',
  },
  'mysql/add-foreign-key': {
    title: 'A foreign key that is checked',
    message: 'Writers of {table} wait while it is copied and every row is checked.',
    why: COPY,
    fix: '-- tighten: clean the rows first, then add it unchecked\nSET foreign_key_checks=0;\nALTER TABLE {table} ADD FOREIGN KEY ({columns}) REFERENCES ..., ALGORITHM=INPLACE, LOCK=NONE;\nSET foreign_key_checks=1;',
  },
  'mysql/add-check-valid': {
    title: 'A check',
    message:
      'Writers of {table} wait while it is copied and every row is checked; releases that break it are refused from then on.',
    why: COPY,
    fix: CHUNKS,
  },
  'mysql/drop-unique-index': {
    title: 'A unique index goes',
    message:
      'INSERT ... ON DUPLICATE KEY UPDATE of a release that relies on {index} of {table} now adds rows twice.',
    why: AT_ONCE,
    fix: '-- contract: once no live release relies on it',
  },
  'mysql/dropped': {
    title: 'Something goes that may be in use',
    message: 'Releases that use the {kind} {object} fail from then on, or do something else.',
    why: AT_ONCE,
    fix: '-- contract: once no live release uses it',
  },
  'mysql/add-foreign-key-not-valid': {
    title: 'A foreign key whose rows are not checked',
    message:
      'Releases that write rows of {table} whose {columns} point at nothing are refused once the checks are on again.',
    why: 'With foreign_key_checks=0 the rows that are there are not looked at, and nothing is copied.',
    fix: '-- tighten: once every live release complies, and the rows do',
  },
  'mysql/drop-table': {
    title: 'A table goes',
    message: 'Every release that uses {table} fails from then on.',
    why: `Queries that name it are refused (error 1146), and no transaction can bring it back. ${AT_ONCE}`,
    fix: '-- contract: once no live release uses it\nDROP TABLE {table};',
  },
  'mysql/truncate': {
    title: 'TRUNCATE',
    message: 'All rows of {table} are lost, also for releases that still read them.',
    why: 'It commits at once, and no transaction can bring them back.',
    fix: '-- contract: in batches by primary key, once nobody reads them',
  },
  'mysql/swap-table': {
    title: 'Another table takes the name',
    message:
      'From then on {table} is what was {heir}; what that one lacks is gone for every release.',
    why: AT_ONCE,
    fix: '-- only after a tool that keeps both tables equal, such as gh-ost, says that they are',
  },
  'mysql/drop-not-null': {
    title: 'A column may be null',
    message: 'Releases that read {column} of {table} may meet a null.',
    why: 'InnoDB rebuilds the table while writers go on.',
    fix: '-- expand: only if every live release copes with null',
  },
  'mysql/unbatched-backfill': {
    title: 'All rows are written at once',
    message: 'Whoever writes the same rows of {table} waits until the whole of it is done.',
    why: 'InnoDB locks every row that it reads until the transaction ends; an INSERT ... SELECT locks those that it reads from.',
    fix: '-- backfill: in batches by primary key, each in a transaction of its own\nUPDATE {table} SET ... WHERE id BETWEEN ? AND ?;',
  },
  'mysql/lock-table': {
    title: 'Tables or rows are locked by hand',
    message: 'Others wait until the lock is given back.',
    why: 'It is held until UNLOCK TABLES, or until the transaction ends.',
    fix: '-',
  },
}
