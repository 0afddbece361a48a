import type { RuleTexts } from './rule.ts'

const CONTRACT = '-- contract: once no live release needs it\n'

/** Rules about rights, roles, extensions and replication. */
export const ACCESS_TEXTS: RuleTexts = {
  grant: {
    title: 'GRANT',
    message: 'More is allowed on {object}.',
    why: 'Nobody loses anything.',
    fix: '-',
  },
  'grant-by-default': {
    title: 'ALTER DEFAULT PRIVILEGES',
    message: 'It holds for what is created from now on.',
    why: 'What is there keeps its rights.',
    fix: '-',
  },
  revoke: {
    title: 'REVOKE',
    message: 'Queries of running releases that need {privileges} on {object} fail with 42501.',
    why: 'Rights are looked at each time a query runs.',
    fix: `${CONTRACT}REVOKE {privileges} ON {object} FROM ...;`,
  },
  'revoke-unused': {
    title: 'REVOKE of what no query needs',
    message: 'Queries do not need {privileges} on {object}.',
    why: 'The right is about DDL, or the object is new in this plan.',
    fix: '-',
  },
  'revoke-role': {
    title: 'REVOKE of a role',
    message: 'Who was a member of the role loses all that it is allowed.',
    why: 'Rights are looked at each time a query runs.',
    fix: `${CONTRACT}REVOKE role FROM ...;`,
  },
  'create-policy': {
    title: 'CREATE POLICY',
    message: '{object} lets rows of {table} be seen.',
    why: 'A permissive policy only adds. ACCESS EXCLUSIVE is brief.',
    fix: '-',
  },
  'create-policy-restrictive': {
    title: 'CREATE POLICY ... AS RESTRICTIVE',
    message: 'Running releases no longer see rows of {table} that {object} does not allow.',
    why: 'Every restrictive policy must agree, and no error tells the reader.',
    fix: `${CONTRACT}CREATE POLICY {object} ON {table} AS RESTRICTIVE ...;`,
  },
  'alter-policy': {
    title: 'ALTER POLICY',
    message: 'Which rows of {table} running releases see, and may write, changes at once.',
    why: 'The text does not tell whether more or less is allowed, and no error tells the reader.',
    fix: '-- expand: a second permissive policy that allows more\n-- contract: drop the first one',
  },
  'change-object-owner': {
    title: 'OWNER TO',
    message: 'Another role owns it.',
    why: 'Only the catalog changes. Rights that came with ownership go along.',
    fix: '-',
  },
  'create-role': {
    title: 'CREATE ROLE',
    message: 'A role is added.',
    why: 'Nobody uses it yet.',
    fix: '-',
  },
  'alter-role': {
    title: 'ALTER ROLE',
    message: 'Properties of a role change.',
    why: 'Sessions that run keep theirs.',
    fix: '-',
  },
  'drop-role': {
    title: 'DROP ROLE',
    message: 'Releases that connect as the role cannot do so any more.',
    why: '28000: the role does not exist.',
    fix: `${CONTRACT}DROP ROLE ...;`,
  },
  'drop-owned': {
    title: 'DROP OWNED',
    message: 'Everything that the role owns is dropped, and its rights with it.',
    why: 'What that is, is known to the server alone.',
    fix: '-- drop each object by name',
  },
  'drop-database': {
    title: 'DROP DATABASE',
    message: 'The database is gone with all that it holds.',
    why: 'Every release that uses it fails.',
    fix: '-- not in a migration',
  },
  'drop-subscription': {
    title: 'DROP SUBSCRIPTION',
    message: 'The tables that it filled are filled no longer.',
    why: 'Readers get stale rows, and no error tells them.',
    fix: '-- contract: once nobody reads these tables',
  },
  'drop-user-mapping': {
    title: 'DROP USER MAPPING',
    message: 'Queries on foreign tables of the server fail.',
    why: 'They no longer know whom to connect as.',
    fix: '-- contract: once nobody reads these tables',
  },
  'drop-tablespace': {
    title: 'DROP TABLESPACE',
    message: 'An empty tablespace goes.',
    why: 'The server refuses one that holds anything.',
    fix: '-',
  },
  'create-schema': {
    title: 'CREATE SCHEMA',
    message: 'A schema is added.',
    why: 'Nobody uses it yet.',
    fix: '-',
  },
  'create-sequence': {
    title: 'CREATE SEQUENCE',
    message: 'A sequence is added.',
    why: 'Nobody uses it yet.',
    fix: '-',
  },
  'alter-sequence': {
    title: 'ALTER SEQUENCE',
    message: 'How {sequence} counts changes.',
    why: 'SHARE ROW EXCLUSIVE on the sequence is brief.',
    fix: '-',
  },
  'restart-sequence': {
    title: 'ALTER SEQUENCE RESTART',
    message:
      '{sequence} gives out numbers that may be taken: inserts of running releases fail on their key, or mix rows up.',
    why: 'From the end of the transaction on it counts from the new start, for everybody.',
    fix: "SELECT setval('{sequence}', (SELECT max(id) FROM ...));",
  },
  'create-extension': {
    title: 'CREATE EXTENSION',
    message: 'What the extension brings is added.',
    why: 'Nobody uses it yet.',
    fix: '-',
  },
  'alter-extension': {
    title: 'ALTER EXTENSION',
    message: 'The scripts of the extension run; what they change is not in the migration.',
    why: 'An update may drop or change functions that queries use.',
    fix: '-- read the notes of the extension, and try it on a copy of the database',
  },
  'alter-foreign-server': {
    title: 'ALTER SERVER or ALTER FOREIGN DATA WRAPPER',
    message: 'Foreign tables may read from somewhere else from now on.',
    why: 'The text does not tell what is there.',
    fix: '-- expand: a second server, and foreign tables of their own',
  },
  'alter-system': {
    title: 'ALTER SYSTEM',
    message: 'A setting of the whole server changes with its next reload.',
    why: 'It holds for every database and release.',
    fix: '-- not in a migration',
  },
  'alter-publication': {
    title: 'ALTER PUBLICATION',
    message: 'What subscribers get changes.',
    why: 'Tables without a replica identity can no longer be updated once they are published.',
    fix: '-- see that every table has a primary key, and that subscribers know it',
  },
  'alter-subscription': {
    title: 'ALTER SUBSCRIPTION',
    message: 'What is written to the subscribed tables changes.',
    why: 'The text does not tell what the other side sends.',
    fix: '-- try it on a copy',
  },
  'create-publication': {
    title: 'CREATE PUBLICATION',
    message: '{publication} is added.',
    why: 'Writers go on; SHARE UPDATE EXCLUSIVE on the tables is brief.',
    fix: '-',
  },
  'publication-without-identity': {
    title: 'A table without a primary key is published',
    message: 'Every UPDATE and DELETE on {table} fails once {publication} publishes it.',
    why: '55000: it has no replica identity by which subscribers could find the row.',
    fix: 'ALTER TABLE {table} REPLICA IDENTITY FULL; -- or give it a primary key first',
  },
  'create-statistics': {
    title: 'CREATE STATISTICS',
    message: 'The planner learns more.',
    why: 'SHARE UPDATE EXCLUSIVE conflicts with no reader and no writer.',
    fix: '-',
  },
  'create-object': {
    title: 'Something else is created',
    message: 'It is added.',
    why: 'Nobody uses it yet.',
    fix: '-',
  },
  'alter-object': {
    title: 'Something else is altered',
    message: 'Only what the catalog says about it changes.',
    why: 'Queries do not depend on it.',
    fix: '-',
  },
  comment: {
    title: 'COMMENT',
    message: 'A comment is set.',
    why: 'Readers and writers pass.',
    fix: '-',
  },
}
