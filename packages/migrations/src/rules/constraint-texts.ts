import type { RuleTexts } from './rule.ts'

const INDEX_FIRST = `-- tighten: outside of a transaction
CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table} ({columns});
-- tighten`

/** Rules about constraints. */
export const CONSTRAINT_TEXTS: RuleTexts = {
  'add-check-valid': {
    title: 'A CHECK that is validated at once',
    message: 'Reads all of {table} for {constraint}; nobody reads or writes it until it is done.',
    why: 'ADD CONSTRAINT holds an ACCESS EXCLUSIVE lock over the scan, and from then on refuses what does not comply.',
    fix: '-- tighten: once every live release complies\nALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK (...) NOT VALID;\n-- tighten: in a transaction of its own; readers and writers pass\nALTER TABLE {table} VALIDATE CONSTRAINT {constraint};',
  },
  'add-check-not-valid': {
    title: 'A CHECK for new rows only',
    message: 'Releases whose rows of {table} break {constraint} are refused from then on.',
    why: 'NOT VALID spares the scan, not the writers: each new or changed row is checked at once (23514).',
    fix: '-- tighten: once every live release complies\nALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK (...) NOT VALID;',
  },
  'add-unique-constraint': {
    title: 'A UNIQUE constraint that builds its index',
    message:
      'Builds the index of {constraint} on {table}; nobody reads or writes the table until it is done.',
    why: 'ADD CONSTRAINT ... UNIQUE holds an ACCESS EXCLUSIVE lock while the index is built.',
    fix: `${INDEX_FIRST}\nALTER TABLE {table} ADD CONSTRAINT {constraint} UNIQUE USING INDEX {index};`,
  },
  'add-primary-key': {
    title: 'A primary key that builds its index',
    message:
      'Builds the index of {constraint} on {table}; nobody reads or writes the table until it is done.',
    why: 'ADD PRIMARY KEY holds an ACCESS EXCLUSIVE lock while the index is built and the columns are checked for nulls.',
    fix: `-- tighten: first NOT NULL for each of {columns}, see the rule set-not-null\n${INDEX_FIRST}\nALTER TABLE {table} ADD CONSTRAINT {constraint} PRIMARY KEY USING INDEX {index};`,
  },
  'add-constraint-using-index': {
    title: 'A key made of an index that is there',
    message: 'Makes {constraint} of {table} out of the index {index}.',
    why: 'It changes the catalog alone.',
    fix: '-',
  },
  'add-primary-key-nullable': {
    title: 'A primary key by an index on columns that may be null',
    message:
      'Reads all of {table} in order to see that {columns} are never null; nobody reads or writes it until it is done.',
    why: 'A primary key sets NOT NULL on its columns, which looks at every row unless that is proved already.',
    fix: '-- tighten: for each nullable one of {columns}\nALTER TABLE {table} ADD CONSTRAINT ... CHECK (... IS NOT NULL) NOT VALID;\n-- tighten: in a transaction of its own\nALTER TABLE {table} VALIDATE CONSTRAINT ...;\nALTER TABLE {table} ALTER COLUMN ... SET NOT NULL;\n-- tighten\nALTER TABLE {table} ADD CONSTRAINT {constraint} PRIMARY KEY USING INDEX {index};',
  },
  'add-exclude-constraint': {
    title: 'An exclusion constraint',
    message:
      'Builds the index of {constraint} on {table}; nobody reads or writes the table until it is done.',
    why: 'There is no concurrent way to build an exclusion constraint.',
    fix: '-- expand: a new table with the constraint, filled by a trigger and in batches\n-- contract: once it is complete, exchange the two by renaming, with a view for those who know the old name',
  },
  'add-foreign-key': {
    title: 'A foreign key that is validated at once',
    message:
      'Reads all of {table} and looks each row up in {referenced}; nobody writes to either until it is done.',
    why: 'ADD FOREIGN KEY holds SHARE ROW EXCLUSIVE locks on both tables over the scan.',
    fix: '-- tighten: once every live release complies\nALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY ({columns}) REFERENCES {referenced} NOT VALID;\n-- tighten: in a transaction of its own; readers and writers pass\nALTER TABLE {table} VALIDATE CONSTRAINT {constraint};',
  },
  'add-foreign-key-not-valid': {
    title: 'A foreign key for new rows only',
    message:
      'Releases whose rows of {table} point at nothing in {referenced} are refused, and so are those that delete what is pointed at.',
    why: 'NOT VALID spares the scan, not the writers: each new or changed row is checked at once (23503).',
    fix: '-- tighten: once every live release complies\nALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY ({columns}) REFERENCES {referenced} NOT VALID;',
  },
  'add-constraint-not-enforced': {
    title: 'A constraint that is not enforced',
    message: 'Notes {constraint} of {table} without checking any row.',
    why: 'NOT ENFORCED (PostgreSQL 18) is a remark for readers of the schema.',
    fix: '-',
  },
  'enforce-constraint': {
    title: 'A constraint is enforced from then on',
    message: 'Reads all of {table} for {constraint}; nobody writes to it until it is done.',
    why: 'ENFORCED validates the rows that are there while it holds its lock.',
    fix: '-- tighten: add the constraint under another name as NOT VALID, validate it in a transaction of its own, drop {constraint}',
  },
  'validate-constraint': {
    title: 'A constraint is validated',
    message: 'Reads all of {table} for {constraint}; readers and writers pass.',
    why: 'VALIDATE CONSTRAINT holds no more than SHARE UPDATE EXCLUSIVE on the table.',
    fix: '-',
  },
  'validate-constraint-blocking': {
    title: 'A constraint is validated under the lock of another command',
    message:
      'Reads all of {table} for {constraint} while the other commands of the statement keep readers or writers out.',
    why: 'One statement takes the strongest lock that any of its commands needs, and holds it over the scan.',
    fix: '-- tighten: in a statement and a transaction of its own\nALTER TABLE {table} VALIDATE CONSTRAINT {constraint};',
  },
  'alter-constraint': {
    title: 'When a constraint is checked',
    message: 'Changes when {constraint} of {table} is checked.',
    why: 'It changes the catalog alone.',
    fix: '-',
  },
  'drop-constraint': {
    title: 'A CHECK, foreign key or exclusion is dropped',
    message: 'Rows of {table} may break {constraint} from then on.',
    why: 'It changes the catalog alone; what releases write is allowed as before.',
    fix: '-',
  },
  'drop-constraint-unknown': {
    title: 'A constraint of unknown kind is dropped',
    message:
      'If {constraint} of {table} is a key, releases that use ON CONFLICT on its columns fail.',
    why: 'The schema does not show what the constraint is.',
    fix: '-- give the schema, so that the step can be judged',
  },
  'drop-unique-constraint': {
    title: 'A UNIQUE constraint is dropped',
    message: 'Releases that use ON CONFLICT ({columns}) on {table} fail from then on.',
    why: 'ON CONFLICT needs a unique index on exactly these columns (42P10), and nothing keeps duplicates out any more.',
    fix: '-- contract: once no live release relies on {constraint}\nALTER TABLE {table} DROP CONSTRAINT {constraint};',
  },
  'drop-primary-key': {
    title: 'A primary key is dropped',
    message:
      'Releases that use ON CONFLICT ({columns}) on {table}, or rely on the key being unique, fail from then on.',
    why: 'ON CONFLICT needs a unique index on exactly these columns (42P10); replication and tools need the key as well.',
    fix: '-- expand: outside of a transaction, what takes its place\nCREATE UNIQUE INDEX CONCURRENTLY ... ON {table} (...);\n-- contract: once no live release relies on {constraint}; in one statement\nALTER TABLE {table} DROP CONSTRAINT {constraint}, ADD CONSTRAINT {constraint} PRIMARY KEY USING INDEX ...;',
  },
  'replace-constraint': {
    title: 'A key is replaced by one on the same columns',
    message: 'Replaces {constraint} of {table} in one statement; at no moment is there none.',
    why: 'The server takes both commands as one.',
    fix: '-',
  },
  'rename-constraint': {
    title: 'A constraint is renamed',
    message:
      'Releases that name {constraint} of {table} in ON CONFLICT ON CONSTRAINT, or look for it in errors, no longer find it.',
    why: 'Constraints are known by name in these places alone.',
    fix: '-- contract: once no live release names {constraint}\nALTER TABLE {table} RENAME CONSTRAINT {constraint} TO {newName};',
  },
}
