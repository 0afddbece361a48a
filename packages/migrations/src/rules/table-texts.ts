import { ADDED_COLUMN_TEXTS } from './added-column-texts.ts'
import { CHANGED_COLUMN_TEXTS } from './changed-column-texts.ts'
import { CONSTRAINT_TEXTS } from './constraint-texts.ts'
import { PARTITION_TEXTS } from './partition-texts.ts'
import type { RuleTexts } from './rule.ts'

const METADATA = 'It changes the catalog alone, under a lock held for a moment.'

const REPACK = `-- a tool that copies the table while it is in use, such as pg_repack, or a new table that is filled in batches`

/** Rules about tables as a whole. */
const WHOLE_TABLE_TEXTS: RuleTexts = {
  'create-table': {
    title: 'A new table',
    message: 'Creates {table}; nothing that runs knows it.',
    why: METADATA,
    fix: '-',
  },
  'create-table-as': {
    title: 'A new table or view with the result of a query',
    message:
      'Creates {table} from a query; what the query reads can be read and written by others.',
    why: 'Reading takes ACCESS SHARE locks, which keep nobody out but other schema changes.',
    fix: '-',
  },
  'create-table-references': {
    title: 'A new table with a foreign key to one that is there',
    message: 'Locks {referenced} for a moment in order to point {table} at it.',
    why: 'There are no rows to look at; writers of the referenced table wait for the end of the transaction.',
    fix: '-',
  },
  'alter-new-table': {
    title: 'A change of a table that this plan creates',
    message: 'Changes {table}, which nothing that runs knows yet.',
    why: 'Nobody waits for a table that is not there yet.',
    fix: '-',
  },
  'alter-composite-type': {
    title: 'The attributes of a composite type change',
    message:
      'Releases that read or write values of {type} with its old attributes fail from then on.',
    why: 'Rows are written and read by position, and prepared queries keep the old shape.',
    fix: '-- expand: a new type with the new attributes, and new columns of it\n-- contract: once no live release uses {type}, drop it',
  },
  'set-statistics': {
    title: 'How the planner looks at a column',
    message: 'Changes statistics of {column} of {table}.',
    why: 'It takes SHARE UPDATE EXCLUSIVE: readers and writers pass.',
    fix: '-',
  },
  'set-storage': {
    title: 'How values of a column are stored',
    message: 'Changes how new values of {column} of {table} are stored.',
    why: METADATA,
    fix: '-',
  },
  'set-storage-parameter': {
    title: 'A storage parameter',
    message: 'Changes {object} of {table}.',
    why: 'It changes the catalog alone: readers and writers pass, or wait for a moment.',
    fix: '-',
  },
  'set-view-options': {
    title: 'Options of a view',
    message: 'Changes {object} of the view {table}.',
    why: METADATA,
    fix: '-',
  },
  'set-foreign-options': {
    title: 'Options of a foreign table',
    message: 'Changes where {table} is found.',
    why: METADATA,
    fix: '-',
  },
  'change-owner': {
    title: 'Another owner',
    message:
      'Gives {table} to {object}; releases that connect as the old owner need rights of their own.',
    why: METADATA,
    fix: '-',
  },
  'cluster-on': {
    title: 'The index that CLUSTER would use',
    message: 'Notes which index CLUSTER of {table} would use.',
    why: 'It takes SHARE UPDATE EXCLUSIVE and moves no row.',
    fix: '-',
  },
  'set-logged': {
    title: 'An unlogged table becomes logged',
    message: 'Writes {table} anew; nobody reads or writes it until it is done.',
    why: 'The whole table goes into the log under an ACCESS EXCLUSIVE lock.',
    fix: REPACK,
  },
  'set-unlogged': {
    title: 'A table becomes unlogged',
    message:
      'Writes {table} anew, keeping everyone out; after a crash it is empty, and replicas do not have it.',
    why: 'The table is copied under an ACCESS EXCLUSIVE lock, and its rows are in no log from then on.',
    fix: '-- a new unlogged table, filled in batches, for data that may be lost',
  },
  'set-access-method': {
    title: 'Another access method',
    message: 'Writes {table} anew; nobody reads or writes it until it is done.',
    why: 'The whole table is copied under an ACCESS EXCLUSIVE lock.',
    fix: REPACK,
  },
  'set-tablespace': {
    title: 'Another tablespace',
    message: 'Copies {table}; nobody reads or writes it until it is done.',
    why: 'The files are copied under an ACCESS EXCLUSIVE lock.',
    fix: REPACK,
  },
  'move-all-tables': {
    title: 'All tables of a tablespace move',
    message:
      'Copies every table of the tablespace {object}, each under a lock that keeps everyone out.',
    why: 'Which tables that are is known to the server alone.',
    fix: REPACK,
  },
  'set-without-oids': {
    title: 'SET WITHOUT OIDS',
    message: 'Does nothing since PostgreSQL 12.',
    why: 'Tables have no such column any more.',
    fix: '-',
  },
  'switch-trigger': {
    title: 'A trigger is switched on or off',
    message: 'Changes which triggers of {table} fire; what they keep up to date may drift.',
    why: 'It takes SHARE ROW EXCLUSIVE for a moment: writers wait, readers pass.',
    fix: '-',
  },
  'switch-rule': {
    title: 'A rewrite rule is switched on or off',
    message: 'Changes which rules of {table} are applied.',
    why: METADATA,
    fix: '-',
  },
  'add-inherit': {
    title: 'A table becomes a child of another',
    message: 'Queries on {parent} return the rows of {table} as well from then on.',
    why: METADATA,
    fix: '-',
  },
  'drop-inherit': {
    title: 'A table is a child no more',
    message: 'Queries on {parent} no longer return the rows of {table}.',
    why: METADATA,
    fix: '-- contract: once no live release reads these rows through {parent}',
  },
  'set-table-type': {
    title: 'The type that a table is bound to',
    message: 'Binds {table} to a composite type, or frees it.',
    why: METADATA,
    fix: '-',
  },
  'replica-identity': {
    title: 'What replicas know rows by',
    message: 'Changes by what subscribers recognise rows of {table}.',
    why: METADATA,
    fix: '-',
  },
  'enable-row-security': {
    title: 'Row security is switched on',
    message:
      'Releases that are not the owner see only the rows of {table} that a policy allows: none, where there is no policy.',
    why: 'Queries do not fail: they find nothing, and writes are refused (42501).',
    fix: '-- expand: policies for every role that a live release connects as\nCREATE POLICY ... ON {table} ...;\n-- contract: once each of them was tried\nALTER TABLE {table} ENABLE ROW LEVEL SECURITY;',
  },
  'force-row-security': {
    title: 'Row security holds for the owner too',
    message:
      'Releases that connect as the owner see only the rows of {table} that a policy allows.',
    why: 'Queries do not fail: they find nothing, and writes are refused (42501).',
    fix: '-- expand: a policy for the owner\nCREATE POLICY ... ON {table} ...;\n-- contract\nALTER TABLE {table} FORCE ROW LEVEL SECURITY;',
  },
  'disable-row-security': {
    title: 'Row security is switched off',
    message: 'Releases see rows of {table} that policies kept from them.',
    why: METADATA,
    fix: '-',
  },
}

/** Rules about tables, their columns, constraints and partitions. */
export const TABLE_TEXTS: RuleTexts = {
  ...ADDED_COLUMN_TEXTS,
  ...CHANGED_COLUMN_TEXTS,
  ...CONSTRAINT_TEXTS,
  ...PARTITION_TEXTS,
  ...WHOLE_TABLE_TEXTS,
}
