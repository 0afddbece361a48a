import type { RuleTexts } from './rule.ts'

const BATCHES = '-- for each table with a column of {type}\n'

/** Rules about types, views, routines and other definitions. */
export const DEFINITION_TEXTS: RuleTexts = {
  'create-type': {
    title: 'CREATE TYPE or CREATE DOMAIN',
    message: 'A type is added.',
    why: 'Nobody uses it yet.',
    fix: '-',
  },
  'alter-new-type': {
    title: 'A type that this plan created is altered',
    message: '{type} is new in this plan: nobody uses it.',
    why: 'What was created in the same plan is not known to any running release.',
    fix: '-',
  },
  'enum-add-value': {
    title: 'ALTER TYPE ADD VALUE',
    message:
      '{type} gains the value {label}. A release that does not know it meets it once somebody writes it.',
    why: 'Only the catalog changes. Before 12 the command refused a transaction; since then the value may not be used in the transaction that adds it.',
    fix: '-- expand: add it in a migration of its own, and write it only once every live release can read it',
  },
  'enum-use-in-same-transaction': {
    title: 'A value of an enum is used in the transaction that adds it',
    message: 'The server refuses to use {label} of {type} in the transaction that adds it.',
    why: '55P04: unsafe use of a new value. The migration stops here.',
    fix: "-- expand: a migration of its own\nALTER TYPE {type} ADD VALUE '{label}';\n-- backfill: a later migration that uses it",
  },
  'rename-enum-value': {
    title: 'ALTER TYPE RENAME VALUE',
    message:
      'Queries that write or compare {label} of {type} fail once it is called {name}, and readers meet a value that they do not know.',
    why: '22P02: the old label is no valid value any more.',
    fix: "-- 1. expand: a second value\nALTER TYPE {type} ADD VALUE '{name}';\n-- 2. deploy a release that reads both and writes the new one\n-- 3. backfill in batches from '{label}' to '{name}'",
  },
  'domain-add-constraint': {
    title: 'ALTER DOMAIN ADD CONSTRAINT',
    message:
      'Writes to every table with a column of {type} wait while all of its rows are checked.',
    why: 'The tables are locked (SHARE) and read in one transaction.',
    fix: '-- tighten\nALTER DOMAIN {type} ADD CONSTRAINT {constraint} CHECK (...) NOT VALID;\n-- in another transaction, at a quiet time: writers wait\nALTER DOMAIN {type} VALIDATE CONSTRAINT {constraint};',
  },
  'domain-add-constraint-not-valid': {
    title: 'ALTER DOMAIN ADD CONSTRAINT NOT VALID',
    message:
      'From now on values of {type} that break {constraint} are refused; a release that still writes such values fails.',
    why: 'NOT VALID leaves the rows that are there alone, and holds for every new one at once.',
    fix: '-- tighten: only once no live release writes such values',
  },
  'domain-set-not-null': {
    title: 'ALTER DOMAIN SET NOT NULL',
    message:
      'Writes to every table with a column of {type} wait while all of its rows are checked; NULL is refused from then on.',
    why: 'The tables are locked (SHARE) and read in one transaction.',
    fix: `${BATCHES}ALTER DOMAIN {type} ADD CONSTRAINT {constraint} CHECK (VALUE IS NOT NULL) NOT VALID;\nALTER DOMAIN {type} VALIDATE CONSTRAINT {constraint};`,
  },
  'validate-domain-constraint': {
    title: 'ALTER DOMAIN VALIDATE CONSTRAINT',
    message: 'Writes to every table with a column of {type} wait while all of its rows are read.',
    why: 'Unlike a constraint of a table, one of a domain is validated under SHARE, up to and including 18.',
    fix: '-- a constraint on each table in its place, which is validated while it is written\nALTER TABLE ... ADD CONSTRAINT {constraint} CHECK (...) NOT VALID;\nALTER TABLE ... VALIDATE CONSTRAINT {constraint};',
  },
  'domain-unused': {
    title: 'A domain that no table uses',
    message: 'No table that was there before has a column of {type}.',
    why: 'There are no rows to check.',
    fix: '-',
  },
  'alter-domain': {
    title: 'ALTER DOMAIN that only loosens',
    message: 'Only what the catalog says about {type} changes.',
    why: 'No row is read and nothing that was allowed is refused.',
    fix: '-',
  },
  'create-view': {
    title: 'CREATE VIEW',
    message: '{view} is added.',
    why: 'Nobody uses it yet.',
    fix: '-',
  },
  'replace-view': {
    title: 'CREATE OR REPLACE VIEW',
    message: '{view} keeps its columns; which rows it shows may change.',
    why: 'The server lets columns only be added at the end. ACCESS EXCLUSIVE on the view is brief.',
    fix: '-',
  },
  'replace-view-refused': {
    title: 'CREATE OR REPLACE VIEW that loses or moves a column',
    message: 'The server refuses to replace {view}: the column {column} is no longer where it was.',
    why: '42P16: OR REPLACE may only add columns behind those that are there.',
    fix: '-- expand: keep the columns and add behind them\n-- contract: DROP VIEW and CREATE VIEW in one transaction, once no live release reads {column}',
  },
  'recreate-view': {
    title: 'A view is dropped and created again in one transaction',
    message:
      '{table} is there again when the transaction ends; what it no longer offers: {missing}.',
    why: 'Others wait for the transaction and see the new one at once.',
    fix: '-',
  },
  'rename-table-with-view': {
    title: 'A table is renamed and a view takes its name in one transaction',
    message: 'Queries on {table} go on through the view; what it does not offer: {missing}.',
    why: 'A view over one table can be read, written, upserted into and locked FOR UPDATE.',
    fix: '-- contract: once no release uses the old name\nDROP VIEW {table};',
  },
  'replace-object': {
    title: 'Something is dropped and created again in one transaction',
    message: '{object} is there again when the transaction ends.',
    why: 'Others wait for the transaction and see the new one at once.',
    fix: '-',
  },
  'swap-table': {
    title: 'Another table takes the place of a table in one transaction',
    message:
      '{table} is another table from now on. Whether it holds all that was written to the old one, the text does not tell.',
    why: 'Rows that a release writes between the copy and the swap are lost, and foreign keys and views stay with the old table.',
    fix: '-- keep both in step with a trigger, compare them, then swap under a short lock',
  },
  'refresh-materialized-view': {
    title: 'REFRESH MATERIALIZED VIEW',
    message: 'Every query on {view} waits until it is filled again.',
    why: 'ACCESS EXCLUSIVE is held while the query of the view runs.',
    fix: 'REFRESH MATERIALIZED VIEW CONCURRENTLY {view}; -- needs a unique index on it',
  },
  'refresh-concurrently': {
    title: 'REFRESH MATERIALIZED VIEW CONCURRENTLY',
    message: '{view} can be read while it is filled again.',
    why: 'EXCLUSIVE lets readers pass.',
    fix: '-',
  },
  'refresh-concurrently-refused': {
    title: 'REFRESH CONCURRENTLY that the server refuses',
    message: 'The server refuses to refresh {view} concurrently.',
    why: '55000: it needs a unique index without WHERE on columns of the view, and cannot be WITH NO DATA.',
    fix: 'CREATE UNIQUE INDEX ON {view} (...);\nREFRESH MATERIALIZED VIEW CONCURRENTLY {view};',
  },
  'refresh-with-no-data': {
    title: 'REFRESH MATERIALIZED VIEW WITH NO DATA',
    message: 'Every query on {view} fails until it is refreshed.',
    why: '55000: the view has not been populated.',
    fix: 'REFRESH MATERIALIZED VIEW CONCURRENTLY {view};',
  },
  'refresh-new-view': {
    title: 'A view that this plan created is refreshed',
    message: '{view} is new in this plan: nobody waits for it.',
    why: 'What was created in the same plan is not known to any running release.',
    fix: '-',
  },
  'create-function': {
    title: 'CREATE FUNCTION or CREATE PROCEDURE',
    message: '{function} is defined; nothing of it runs yet.',
    why: 'The body is only looked at when somebody calls it.',
    fix: '-',
  },
  'replace-function': {
    title: 'CREATE OR REPLACE FUNCTION',
    message: 'Running releases get the new {function} from their next call on.',
    why: 'The server keeps name, arguments and result type; what the body does is up to its author.',
    fix: '-- give the new behaviour a new name where older releases cannot live with it',
  },
  'alter-function': {
    title: 'ALTER FUNCTION',
    message: 'Only properties of the function change.',
    why: 'Its name, arguments and result stay.',
    fix: '-',
  },
  'create-trigger': {
    title: 'CREATE TRIGGER',
    message: '{trigger} runs from now on whenever {table} is written, for every release.',
    why: 'SHARE ROW EXCLUSIVE is brief: no row is read.',
    fix: '-',
  },
  'create-event-trigger': {
    title: 'CREATE EVENT TRIGGER',
    message: 'It runs for later DDL.',
    why: 'Queries do not set it off.',
    fix: '-',
  },
  'create-rule': {
    title: 'CREATE RULE',
    message: '{object} adds to what queries on {table} do.',
    why: 'ACCESS EXCLUSIVE is brief: no row is read.',
    fix: '-',
  },
  'create-rule-instead': {
    title: 'CREATE RULE ... DO INSTEAD on a table',
    message: 'Queries of running releases on {table} do something else from now on.',
    why: 'The rule takes the place of what they ask for, and no error tells them.',
    fix: '-- expand: a trigger, which sees single rows, or a view with the new behaviour beside the table',
  },
}
