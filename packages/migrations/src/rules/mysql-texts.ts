import { MYSQL_SHARED_TEXTS } from './mysql-shared-texts.ts'
import type { RuleTexts } from './rule.ts'

const CHUNKS = `-- expand: a new table beside the old one, kept in step by triggers and filled in chunks; gh-ost and pt-online-schema-change do this
-- contract: swap the two with RENAME TABLE once they are equal`
const COPY =
  'The server can do this only with ALGORITHM=COPY: it writes every row into a new table and holds LOCK=SHARED meanwhile.'
const METADATA = 'Only the definition changes, and no row is touched.'

/** What the rules say on MySQL and MariaDB, and the rules that only they have. */
export const MYSQL_TEXTS: RuleTexts = {
  ...MYSQL_SHARED_TEXTS,
  unparsed: {
    title: 'A statement that cannot be read',
    message: 'Nobody here can tell what this statement does.',
    why: 'What cannot be read may do anything.',
    fix: '-- write it in the form that the manual gives first, or accept it by a directive with a reason',
  },
  'algorithm-copy': {
    title: 'ALGORITHM=COPY is asked for',
    message: 'Writers of {table} wait until every row has been copied.',
    why: 'ALGORITHM=COPY holds LOCK=SHARED at least, also for what the server could do without.',
    fix: '-- ask for the opposite, so that the server refuses where it cannot:\nALTER TABLE {table} ..., ALGORITHM=INPLACE, LOCK=NONE;',
  },
  'lock-requested': {
    title: 'LOCK=SHARED or LOCK=EXCLUSIVE is asked for',
    message:
      'Writers of {table} wait for the whole of the statement, and readers too with LOCK=EXCLUSIVE.',
    why: 'LOCK={lock} is held from the beginning to the end.',
    fix: 'ALTER TABLE {table} ..., LOCK=NONE;',
  },
  'add-column-auto-increment': {
    title: 'A column that counts itself',
    message: 'Writers of {table} wait while the rows are numbered and the table is written anew.',
    why: 'AUTO_INCREMENT needs LOCK=SHARED at least.',
    fix: CHUNKS,
  },
  'set-auto-increment': {
    title: 'A column begins to count itself',
    message: 'Writers of {table} wait while the table is copied.',
    why: COPY,
    fix: CHUNKS,
  },
  'convert-charset': {
    title: 'All columns change their character set',
    message: 'Writers of {table} wait while every row is copied in the new character set.',
    why: COPY,
    fix: CHUNKS,
  },
  'create-fulltext-index': {
    title: 'A full-text index',
    message: 'Writers of {table} wait until {index} is built.',
    why: 'A full-text index needs LOCK=SHARED at least.',
    fix: CHUNKS,
  },
  'create-spatial-index': {
    title: 'A spatial index',
    message: 'Writers of {table} wait until {index} is built.',
    why: 'A spatial index needs LOCK=SHARED at least.',
    fix: CHUNKS,
  },
  'create-index': {
    title: 'An index that is built while writers go on',
    message: 'Builds {index} on {table}; readers and writers go on.',
    why: 'InnoDB builds it with LOCK=NONE and keeps what is written meanwhile in a log. SQLite lets others read meanwhile.',
    fix: '-',
  },
  'create-unique-index': {
    title: 'A unique index',
    message:
      'Releases that write a value twice into {columns} of {table} are refused from then on.',
    why: 'It is built without keeping writers waiting, and fails on rows that are there twice.',
    fix: '-- tighten: once every live release writes each value once\nALTER TABLE {table} ADD UNIQUE INDEX {index} ({columns}), ALGORITHM=INPLACE, LOCK=NONE;',
  },
  'drop-index': {
    title: 'An index goes',
    message:
      'Queries over {table} that used {index} get slower; those that name it in an index hint fail.',
    why: METADATA,
    fix: '-',
  },
  'rename-index': {
    title: 'An index gets another name',
    message: 'Only queries that name {index} in an index hint notice.',
    why: METADATA,
    fix: '-',
  },
  'rebuild-table': {
    title: 'The table is written anew while writers wait',
    message: 'Writers of {table} wait until it has been copied.',
    why: COPY,
    fix: CHUNKS,
  },
  'rebuild-table-online': {
    title: 'The table is written anew while writers go on',
    message: 'Writes {table} anew; readers and writers go on.',
    why: 'InnoDB does it with LOCK=NONE; it needs room for a second copy.',
    fix: '-',
  },
  'rework-partitions': {
    title: 'Partitions are cut anew',
    message: 'Writers of {table} wait until the rows have been moved to their partitions.',
    why: COPY,
    fix: CHUNKS,
  },
  'add-partition': {
    title: 'A partition comes',
    message: 'Adds a partition to {table}.',
    why: METADATA,
    fix: '-',
  },
  'drop-partition': {
    title: 'A partition goes, with its rows',
    message:
      'The rows of the partition of {table} are lost; a release that still reads them finds nothing.',
    why: 'No transaction can bring them back.',
    fix: '-- contract: once no live release reads them; move them elsewhere first',
  },
}
