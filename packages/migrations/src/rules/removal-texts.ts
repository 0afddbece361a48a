import type { RuleTexts } from './rule.ts'

const WAIT =
  '-- 1. deploy a release that does not use it\n-- 2. contract: once no older release is live and none is gone back to\n'

/** Rules about what is dropped, renamed or moved. */
export const REMOVAL_TEXTS: RuleTexts = {
  'drop-table': {
    title: 'DROP TABLE',
    message:
      'Every query of a running release on {table} fails once it is gone, and its rows are lost.',
    why: 'Releases that are being replaced still read and write it. ACCESS EXCLUSIVE is taken on it and on the tables at the other end of its foreign keys.',
    fix: `${WAIT}--    drop its foreign keys first, one transaction each\nDROP TABLE {table};`,
  },
  'drop-view': {
    title: 'DROP VIEW',
    message: 'Every query of a running release on {table} fails once the view is gone.',
    why: 'Releases that are being replaced still read it.',
    fix: `${WAIT}DROP VIEW {table};\n-- or replace it in one transaction\nBEGIN; DROP VIEW {table}; CREATE VIEW {table} AS SELECT ...; COMMIT;`,
  },
  'drop-materialized-view': {
    title: 'DROP MATERIALIZED VIEW',
    message: 'Every query of a running release on {table} fails once it is gone.',
    why: 'Releases that are being replaced still read it.',
    fix: `${WAIT}DROP MATERIALIZED VIEW {table};`,
  },
  'drop-sequence': {
    title: 'DROP SEQUENCE',
    message:
      'Every nextval of {table} by a running release fails once it is gone, and where it stood is lost.',
    why: 'Releases that are being replaced still draw numbers from it.',
    fix: `${WAIT}DROP SEQUENCE {table};`,
  },
  'drop-type': {
    title: 'DROP TYPE or DROP DOMAIN',
    message:
      'Queries that cast to {type} fail once it is gone; with CASCADE the columns of that type go along, with their data.',
    why: 'Drivers look types up by name when they start, and casts name them.',
    fix: `${WAIT}DROP TYPE {type};`,
  },
  'drop-schema': {
    title: 'DROP SCHEMA',
    message: 'Every query of a running release on something in {schema} fails once it is gone.',
    why: 'Releases that are being replaced still use what it holds.',
    fix: `${WAIT}DROP SCHEMA {schema};`,
  },
  'drop-function': {
    title: 'DROP FUNCTION or DROP PROCEDURE',
    message: 'Every query of a running release that calls {function} fails once it is gone.',
    why: 'Functions are looked up by name and arguments when a query is parsed.',
    fix: `${WAIT}DROP FUNCTION {function};`,
  },
  'drop-trigger': {
    title: 'DROP TRIGGER',
    message: '{object} no longer runs when {table} is written: what it kept up to date goes stale.',
    why: 'Only the catalog changes, under a brief ACCESS EXCLUSIVE. Queries do not show what they rely on a trigger for.',
    fix: '-- contract: a trigger that keeps an old column in step is dropped with the column',
  },
  'drop-rule': {
    title: 'DROP RULE',
    message:
      'Queries on {table} are no longer rewritten by {object}: writes through it fail or do something else.',
    why: 'Rules take effect when a query is parsed.',
    fix: `${WAIT}DROP RULE {object} ON {table};`,
  },
  'drop-policy': {
    title: 'DROP POLICY',
    message: 'Rows of {table} that {object} showed to a running release vanish for it.',
    why: 'Where row security is on, only what some policy allows can be seen; no error is raised.',
    fix: `${WAIT}DROP POLICY {object} ON {table};`,
  },
  'drop-unread-object': {
    title: 'Something is dropped that no query names',
    message: '{object} is named by no query.',
    why: 'Extended statistics and event triggers are not part of what queries ask for.',
    fix: '-',
  },
  'drop-object': {
    title: 'Something else is dropped',
    message: 'Whatever a running release does with the {kind} {object} fails once it is gone.',
    why: 'Queries may rely on it without naming it.',
    fix: `${WAIT}DROP {kind} {object};`,
  },
  'rename-table': {
    title: 'ALTER TABLE RENAME',
    message: 'Every query of a running release on {table} fails once it is called {name}.',
    why: 'Releases that are being replaced know the old name only.',
    fix: '-- expand: the old name stays as a view, which can be read and written\nBEGIN;\nALTER TABLE {table} RENAME TO {name};\nCREATE VIEW {table} AS SELECT * FROM {name};\nCOMMIT;\n-- contract: once no release uses the old name\nDROP VIEW {table};',
  },
  'rename-view': {
    title: 'ALTER VIEW RENAME',
    message: 'Every query of a running release on {table} fails once it is called {name}.',
    why: 'Releases that are being replaced know the old name only.',
    fix: '-- expand: a second view beside the old one\nCREATE VIEW {name} AS SELECT * FROM {table};\n-- contract: once no release uses the old name, swap them in one transaction',
  },
  'rename-materialized-view': {
    title: 'ALTER MATERIALIZED VIEW RENAME',
    message: 'Every query of a running release on {table} fails once it is called {name}.',
    why: 'Releases that are being replaced know the old name only.',
    fix: '-- expand: the old name stays as a view\nBEGIN;\nALTER MATERIALIZED VIEW {table} RENAME TO {name};\nCREATE VIEW {table} AS SELECT * FROM {name};\nCOMMIT;',
  },
  'rename-sequence': {
    title: 'ALTER SEQUENCE RENAME',
    message: 'Every nextval of {table} by a running release fails once it is called {name}.',
    why: 'nextval looks the sequence up by name.',
    fix: `${WAIT}ALTER SEQUENCE {table} RENAME TO {name};`,
  },
  'rename-type': {
    title: 'ALTER TYPE or ALTER DOMAIN RENAME',
    message:
      'Queries that cast to {type}, and drivers that look it up by name, fail once it is called {name}.',
    why: 'Plans that are prepared already survive, new ones do not.',
    fix: '-- expand: a domain under the new name\nCREATE DOMAIN {name} AS {type};\n-- contract: rename once no release uses the old name',
  },
  'rename-attribute': {
    title: 'ALTER TYPE RENAME ATTRIBUTE',
    message: 'Queries that read {attribute} of {type} fail once it is called {name}.',
    why: 'Releases that are being replaced know the old name only.',
    fix: `${WAIT}ALTER TYPE {type} RENAME ATTRIBUTE {attribute} TO {name};`,
  },
  'rename-schema': {
    title: 'ALTER SCHEMA RENAME',
    message:
      'Every query of a running release on something in {schema} fails once it is called {name}.',
    why: 'Qualified names and search_path name the old schema.',
    fix: '-- expand: views of the same names in the new schema\n-- contract: once no release uses the old name\nALTER SCHEMA {schema} RENAME TO {name};',
  },
  'rename-function': {
    title: 'ALTER FUNCTION RENAME',
    message:
      'Every query of a running release that calls {function} fails once it is called {name}.',
    why: 'Functions are looked up by name and arguments when a query is parsed.',
    fix: '-- expand: a second function of the new name that calls the old one\n-- contract: once no release calls the old one\nDROP FUNCTION {function};',
  },
  'rename-object': {
    title: 'Something else is renamed',
    message:
      'Whatever a running release does with the {kind} {object} fails once it is called {name}.',
    why: 'Releases that are being replaced know the old name only.',
    fix: `${WAIT}-- then rename it`,
  },
  'rename-unread-object': {
    title: 'Something is renamed that no query names',
    message: 'No query names {object}, which is called {name} from now on.',
    why: 'Triggers, rules, policies and domain constraints are not part of what queries ask for.',
    fix: '-',
  },
  'rename-new-object': {
    title: 'Something is renamed that this plan created',
    message: '{object} is new in this plan: nobody uses it.',
    why: 'What was created in the same plan is not known to any running release.',
    fix: '-',
  },
  'set-schema': {
    title: 'ALTER ... SET SCHEMA',
    message:
      'Every query of a running release that names {object} fails once it is in {schema}, unless its search_path finds it there.',
    why: 'Releases that are being replaced look for it where it was.',
    fix: '-- expand: the old name stays as a view, in the same transaction\nBEGIN;\nALTER TABLE {object} SET SCHEMA {schema};\nCREATE VIEW {object} AS SELECT * FROM {schema}.{object};\nCOMMIT;',
  },
}
