import type { RuleTexts } from './rule.ts'

const ATTACH_PROVED = `-- tighten: the bounds as a check, so that nothing is left to look at
ALTER TABLE {partition} ADD CONSTRAINT ... CHECK (... IS NOT NULL AND ...) NOT VALID;
-- tighten: in a transaction of its own
ALTER TABLE {partition} VALIDATE CONSTRAINT ...;
-- expand
ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES ...;
ALTER TABLE {partition} DROP CONSTRAINT ...;`

const DEFAULT_PROVED = `-- tighten: a check on the default partition that keeps the new bounds out of it
ALTER TABLE ... ADD CONSTRAINT ... CHECK (NOT (...)) NOT VALID;
-- tighten: in a transaction of its own
ALTER TABLE ... VALIDATE CONSTRAINT ...;
-- expand
CREATE TABLE {partition} (LIKE {table} INCLUDING ALL);
ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES ...;
ALTER TABLE ... DROP CONSTRAINT ...;`

/** Rules about partitions. */
export const PARTITION_TEXTS: RuleTexts = {
  'attach-partition': {
    title: 'A partition whose bounds are proved is attached',
    message: 'Attaches {partition} to {table}; its rows need not be looked at.',
    why: 'A valid check proves the bounds; the parent is locked by SHARE UPDATE EXCLUSIVE alone (12+).',
    fix: '-',
  },
  'attach-partition-scan': {
    title: 'A partition is attached without proof of its bounds',
    message:
      'Reads all of {partition} in order to see that its rows belong there; nobody reads or writes it until it is done.',
    why: 'Without a valid CHECK that implies the bounds (and NOT NULL) each row is looked at under ACCESS EXCLUSIVE.',
    fix: ATTACH_PROVED,
  },
  'attach-partition-indexes': {
    title: 'A partition without the indexes of its parent is attached',
    message: 'Builds indexes on {partition}; nobody reads or writes it until it is done.',
    why: 'Each index of the parent that the partition lacks is built while it is attached.',
    fix: '-- expand: outside of a transaction, each index of {table}\nCREATE INDEX CONCURRENTLY ... ON {partition} (...);\n-- expand\nALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES ...;',
  },
  'attach-partition-scans-default': {
    title: 'A partition is attached beside a default partition',
    message:
      'Reads all of the default partition of {table} for rows that belong to {partition}; nobody reads or writes it until it is done.',
    why: 'A row that belongs to the new partition must not stay in the default one.',
    fix: DEFAULT_PROVED,
  },
  'attach-partition-unknown': {
    title: 'A partition of a table that is not known is attached',
    message:
      'Whether {partition} is read in full while it is attached to {table} depends on checks that the schema does not show.',
    why: 'Without a valid CHECK that implies the bounds each row is looked at under ACCESS EXCLUSIVE.',
    fix: ATTACH_PROVED,
  },
  'create-partition': {
    title: 'A new partition',
    message: 'Adds the empty partition {partition} to {table}.',
    why: 'The parent is locked by ACCESS EXCLUSIVE for a moment; ATTACH PARTITION would take less.',
    fix: '-- expand: spares readers of {table} the moment\nCREATE TABLE {partition} (LIKE {table} INCLUDING ALL);\nALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES ...;',
  },
  'create-partition-scans-default': {
    title: 'A new partition beside a default partition',
    message:
      'Reads all of the default partition of {table} for rows that belong to {partition}, while {table} is locked.',
    why: 'A row that belongs to the new partition must not stay in the default one; both are held by ACCESS EXCLUSIVE.',
    fix: DEFAULT_PROVED,
  },
  'create-partition-unknown': {
    title: 'A new partition of a table that is not known',
    message:
      'Whether a default partition of {table} is read in full for {partition} cannot be told.',
    why: 'The schema does not show whether there is one.',
    fix: '-- give the schema, so that the step can be judged',
  },
  'detach-partition': {
    title: 'A partition is detached while others read on',
    message: 'Queries on {table} no longer return the rows of {partition}.',
    why: 'DETACH PARTITION CONCURRENTLY (14+) waits for those who are at it, and keeps no other one waiting.',
    fix: '-- contract: once no live release reads these rows through {table}',
  },
  'detach-partition-blocking': {
    title: 'A partition is detached under ACCESS EXCLUSIVE',
    message:
      'Everyone who uses {table} waits until all who are at it have finished, and then no longer finds the rows of {partition}.',
    why: 'DETACH PARTITION locks the parent by ACCESS EXCLUSIVE, which queues behind every reader.',
    fix: '-- contract: outside of a transaction (14+)\nALTER TABLE {table} DETACH PARTITION {partition} CONCURRENTLY;',
  },
}
