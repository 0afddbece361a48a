import type { RuleTexts } from './rule.ts'

const NEW_COLUMN = `-- expand
ALTER TABLE {table} ADD COLUMN {newColumn} {type};
-- expand: a trigger, or the next release, writes both {column} and {newColumn}
-- backfill: in batches by primary key, each in a transaction of its own
UPDATE {table} SET {newColumn} = {column} WHERE {newColumn} IS NULL AND ... ;
-- deploy a release that reads {newColumn} alone; once no other one is live:
-- contract
ALTER TABLE {table} DROP COLUMN {column};`

/** Rules about columns that change or go. */
export const CHANGED_COLUMN_TEXTS: RuleTexts = {
  'drop-column': {
    title: 'A column is dropped',
    message: 'Every release that still reads or writes {column} of {table} fails from then on.',
    why: 'Queries that name the column are refused (42703), and prepared ones with a star as well (0A000).',
    fix: '-- deploy a release that neither reads nor writes {column} (if it is NOT NULL without a default, first:)\nALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;\n-- once no other release is live and none is to be gone back to:\n-- contract\nALTER TABLE {table} DROP COLUMN {column};',
  },
  'rename-column': {
    title: 'A column is renamed',
    message: 'Every release that knows {column} of {table} by its old name fails from then on.',
    why: 'There is no moment at which both names exist.',
    fix: '-- expand\nALTER TABLE {table} ADD COLUMN {newName} ...;\n-- expand: a trigger, or the next release, writes both {column} and {newName}\n-- backfill: in batches by primary key\nUPDATE {table} SET {newName} = {column} WHERE {newName} IS NULL AND ... ;\n-- deploy a release that uses {newName} alone; once no other one is live:\n-- contract\nALTER TABLE {table} DROP COLUMN {column};',
  },
  'change-type-rewrite': {
    title: 'A type change that writes the table anew',
    message:
      'Writes {table} and its indexes anew for {column} as {type}; nobody reads or writes it until it is done, and releases that know the old type may fail.',
    why: 'The new type is stored otherwise; the rewrite holds an ACCESS EXCLUSIVE lock, and prepared queries fail with 0A000.',
    fix: NEW_COLUMN,
  },
  'change-type-safe': {
    title: 'A type change without a rewrite',
    message:
      'Changes {column} of {table} to {type} in the catalog alone; named prepared queries that return it fail once (0A000).',
    why: 'All values are stored alike. A plan that was made for the old type is refused: "cached plan must not change result type".',
    fix: '-- safe where drivers prepare again, or use no named statements',
  },
  'change-type-same': {
    title: 'A type change to the same type',
    message: '{column} of {table} has the type {type} already.',
    why: 'Nothing changes; the ACCESS EXCLUSIVE lock is held for a moment.',
    fix: '-',
  },
  'change-type-reindex': {
    title: 'A type or collation change that builds indexes anew',
    message:
      'Builds indexes of {table} anew for {column}; nobody reads or writes the table until it is done.',
    why: 'The rows stay, but the new type or collation sorts otherwise, and an index with a WHERE or an expression is never kept.',
    fix:
      '-- outside of a transaction, before: an index on a new column of the new type\n' +
      NEW_COLUMN,
  },
  'change-type-checked': {
    title: 'A type change of a column with a CHECK',
    message:
      'Reads all of {table} because a check mentions {column}; nobody reads or writes it until it is done.',
    why: 'The check is made anew for the new type and validated under the ACCESS EXCLUSIVE lock.',
    fix: '-- contract: drop the check\nALTER TABLE {table} DROP CONSTRAINT ...;\n-- expand\nALTER TABLE {table} ALTER COLUMN {column} TYPE {type};\n-- tighten\nALTER TABLE {table} ADD CONSTRAINT ... CHECK (...) NOT VALID;\n-- tighten: in a transaction of its own\nALTER TABLE {table} VALIDATE CONSTRAINT ...;',
  },
  'change-type-unknown': {
    title: 'A type change from a type that is not known',
    message:
      'Whether {table} is written anew for {column} as {type} depends on the old type, which the schema does not show.',
    why: 'Some changes are made in the catalog alone, others write every row under an ACCESS EXCLUSIVE lock.',
    fix: '-- give the schema, so that the change can be judged',
  },
  'set-default': {
    title: 'A default is set',
    message: 'New rows of {table} that leave {column} out get another value.',
    why: 'It changes the catalog alone; rows that are there stay as they are.',
    fix: '-',
  },
  'drop-default': {
    title: 'The default of a nullable column is dropped',
    message: 'Releases that leave {column} of {table} out write null from then on.',
    why: 'They relied on the database to fill it.',
    fix: '-- contract: once every live release writes {column}\nALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT;',
  },
  'drop-default-required': {
    title: 'The default of a NOT NULL column is dropped',
    message: 'Releases that leave {column} of {table} out can no longer insert.',
    why: 'The column is NOT NULL, and nothing fills it any more (23502).',
    fix: '-- contract: once every live release writes {column}\nALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT;',
  },
  'add-identity': {
    title: 'A column becomes an identity',
    message: '{column} of {table} is numbered by the database where it is left out.',
    why: 'It changes the catalog alone.',
    fix: '-',
  },
  'set-identity': {
    title: 'The options of an identity change',
    message: 'Changes how {column} of {table} is numbered.',
    why: 'It changes the catalog alone.',
    fix: '-',
  },
  'set-generated-always': {
    title: 'An identity becomes GENERATED ALWAYS',
    message: 'Releases that write {column} of {table} themselves are refused from then on.',
    why: 'A value for such a column is an error (428C9).',
    fix: '-- contract: once no live release writes {column}\nALTER TABLE {table} ALTER COLUMN {column} SET GENERATED ALWAYS;',
  },
  'drop-identity': {
    title: 'An identity is dropped',
    message: 'Releases that leave {column} of {table} out can no longer insert.',
    why: 'The column stays NOT NULL, and nothing fills it any more (23502).',
    fix: '-- contract: once every live release writes {column}\nALTER TABLE {table} ALTER COLUMN {column} DROP IDENTITY;',
  },
  'drop-expression': {
    title: 'A generated column becomes a plain one',
    message:
      '{column} of {table} is null in rows that releases write who rely on the database to compute it.',
    why: 'The values that are there stay, and nothing computes new ones.',
    fix: '-- contract: once every live release writes {column}\nALTER TABLE {table} ALTER COLUMN {column} DROP EXPRESSION;',
  },
  'set-expression': {
    title: 'The expression of a generated column changes',
    message:
      'Computes {column} of {table} anew; nobody reads or writes the table until it is done.',
    why: 'Every row is written under an ACCESS EXCLUSIVE lock, and readers meet other values from then on.',
    fix: '-- expand: a new column with the new expression; deploy a release that reads it instead of {column}\n-- contract\nALTER TABLE {table} DROP COLUMN {column};',
  },
  'set-not-null': {
    title: 'NOT NULL that reads the whole table',
    message:
      'Reads all of {table} in order to see that {column} is never null; nobody reads or writes it until it is done.',
    why: 'Without a valid CHECK on that very column (12+) the server looks at every row under an ACCESS EXCLUSIVE lock.',
    fix: '-- tighten: once every live release writes {column}\nALTER TABLE {table} ADD CONSTRAINT {notNull} CHECK ({column} IS NOT NULL) NOT VALID;\n-- tighten: in a transaction of its own; readers and writers pass\nALTER TABLE {table} VALIDATE CONSTRAINT {notNull};\n-- tighten\nALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;\nALTER TABLE {table} DROP CONSTRAINT {notNull};',
  },
  'set-not-null-with-check': {
    title: 'NOT NULL that a valid check proves',
    message:
      'Releases that write null into {column} of {table} are refused; the rows need not be looked at.',
    why: 'Since PostgreSQL 12 a valid CHECK that says the same spares the scan.',
    fix: '-',
  },
  'set-not-null-again': {
    title: 'NOT NULL on a column that has it',
    message: '{column} of {table} is NOT NULL already.',
    why: 'Nothing changes; the ACCESS EXCLUSIVE lock is held for a moment.',
    fix: '-',
  },
  'add-not-null-not-valid': {
    title: 'NOT NULL for new rows only',
    message: 'Releases that write null into {column} of {table} are refused from then on.',
    why: 'Rows that are there are not looked at until VALIDATE CONSTRAINT (PostgreSQL 18).',
    fix: '-- tighten: once every live release writes {column}\nALTER TABLE {table} ADD CONSTRAINT {constraint} NOT NULL {column} NOT VALID;\n-- tighten: in a transaction of its own\nALTER TABLE {table} VALIDATE CONSTRAINT {constraint};',
  },
  'drop-not-null': {
    title: 'A column may be null from then on',
    message: 'Releases that rely on {column} of {table} never being null may meet one.',
    why: 'As soon as anybody writes a null, those who were built without it read it.',
    fix: '-- expand: write no null before every live release can read it\nALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;',
  },
}
