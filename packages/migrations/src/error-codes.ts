/** What an error of this package says; `{name}` stands for a fact of the case at hand. */
interface ErrorTemplate {
  /** What was refused, with the field and the value. */
  readonly what: string
  /** Why going on would be dangerous. */
  readonly why: string
  /** What the reader does next. */
  readonly next: string
}

/** Every code that this package throws. Codes are stable: match on them, not on messages. */
export type MigrationErrorCode =
  | 'CHANGEOVER_MIGRATIONS_OPTION_INVALID'
  | 'CHANGEOVER_MIGRATIONS_CONTRACT_UNREADABLE'
  | 'CHANGEOVER_MIGRATIONS_DURATION_INVALID'
  | 'CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED'
  | 'CHANGEOVER_MIGRATIONS_SOURCE_MISSING'
  | 'CHANGEOVER_MIGRATIONS_SOURCE_EMPTY'
  | 'CHANGEOVER_MIGRATIONS_SOURCE_UNCLEAR'
  | 'CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE'
  | 'CHANGEOVER_MIGRATIONS_ID_TWICE'
  | 'CHANGEOVER_MIGRATIONS_CAPTURE_FAILED'
  | 'CHANGEOVER_MIGRATIONS_PEER_MISSING'
  | 'CHANGEOVER_MIGRATIONS_DATABASE_NOT_EMPTY'
  | 'CHANGEOVER_MIGRATIONS_GUARD_REFUSED'
  | 'CHANGEOVER_MIGRATIONS_CHANGED'
  | 'CHANGEOVER_MIGRATIONS_ORDER'
  | 'CHANGEOVER_MIGRATIONS_LOCKED'
  | 'CHANGEOVER_MIGRATIONS_LOCK_LOST'
  | 'CHANGEOVER_MIGRATIONS_POOLED'
  | 'CHANGEOVER_MIGRATIONS_UNSENDABLE'
  | 'CHANGEOVER_MIGRATIONS_BLOCKED'
  | 'CHANGEOVER_MIGRATIONS_STEP_FAILED'
  | 'CHANGEOVER_MIGRATIONS_UNDECIDED'
  | 'CHANGEOVER_MIGRATIONS_CONNECTION_LOST'
  | 'CHANGEOVER_MIGRATIONS_BACKFILL_INCOMPLETE'
  | 'CHANGEOVER_MIGRATIONS_BELOW_FLOOR'

/** One template per code; `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<MigrationErrorCode, ErrorTemplate>> = {
  CHANGEOVER_MIGRATIONS_OPTION_INVALID: {
    what: '{caller} refuses its options:\n{problems}\n',
    why: 'A mistake here would let a dangerous step pass unseen.',
    next: 'Nothing was checked or run. Correct the fields that are named.',
  },
  CHANGEOVER_MIGRATIONS_CONTRACT_UNREADABLE: {
    what: 'The contract {path} cannot be read: {problem}.',
    why: 'What a release needs would not be known, and a step could take it away.',
    next: 'Record it again with this version of the package, or give the path of a contract file or of a folder of parts.',
  },
  CHANGEOVER_MIGRATIONS_DURATION_INVALID: {
    what: '{field} is {value}, which is no duration.',
    why: 'A time-out that cannot be read would be none at all.',
    next: "Write a number of milliseconds or a string such as '500ms', '30s', '5m'.",
  },
  CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED: {
    what: 'The schema to start from does not load: {problem} ({place}).',
    why: 'Steps would be judged on a schema that is not the one in production.',
    next: 'Give the output of pg_dump --schema-only of the database, or all migrations that ran on it.',
  },
  CHANGEOVER_MIGRATIONS_SOURCE_MISSING: {
    what: '{path} cannot be read as a folder of migrations: {problem}.',
    why: 'What is not read is not judged, and would pass unseen.',
    next: 'Give the folder that holds the migrations.',
  },
  CHANGEOVER_MIGRATIONS_SOURCE_EMPTY: {
    what: 'There is no migration in {path}, only {seen}.',
    why: 'To find nothing wrong with nothing would be no proof.',
    next: 'Give the folder that holds the migrations; those written in JavaScript are run by captureMigrations.',
  },
  CHANGEOVER_MIGRATIONS_SOURCE_UNCLEAR: {
    what: '{path} looks like the migrations of more than one tool: {seen}.',
    why: 'Each tool sorts them, cuts them and puts them into transactions in its own way.',
    next: "Say which tool runs them, such as loadMigrations(path, { format: 'sql' }).",
  },
  CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE: {
    what: '{file} cannot be read: {problem}.',
    why: 'What is passed over here would run unjudged.',
    next: 'Mend the file, or take it out of the folder.',
  },
  CHANGEOVER_MIGRATIONS_ID_TWICE: {
    what: '{one} and {other} are the same to their tool: {version}.',
    why: 'Which of them runs first, or at all, would be left to chance.',
    next: 'Give one of them a number of its own.',
  },
  CHANGEOVER_MIGRATIONS_CAPTURE_FAILED: {
    what: 'The migrations of {tool} did not run on the scratch database: {problem} ({place}).',
    why: 'What they would have sent after that is not known.',
    next: 'Give the schema that they start from, and in applied those that it holds already; then mend what is left.',
  },
  CHANGEOVER_MIGRATIONS_PEER_MISSING: {
    what: '{caller} needs the package {package}, which is not installed.',
    why: 'Without it nothing can be asked of a database, and silence is no proof.',
    next: 'Install it: npm install --save-dev {package}',
  },
  CHANGEOVER_MIGRATIONS_DATABASE_NOT_EMPTY: {
    what: 'The database {database} is not empty.',
    why: 'An oracle takes everything out of its database when it is done.',
    next: 'Give a database that has nothing in it, or none: then one is made for each session and dropped after it.',
  },
  CHANGEOVER_MIGRATIONS_GUARD_REFUSED: {
    what: 'The phase {phase} is refused: it is {verdict}.\n{findings}\n',
    why: 'A release that may still run would break, or its queries would wait.',
    next: 'Nothing was run. Follow the fix of each finding, or retire the releases that are named.',
  },
  CHANGEOVER_MIGRATIONS_CHANGED: {
    what: 'Migration {migration} was changed after it ran: it has the checksum {now}, and ran with {before}.',
    why: 'The database no longer is what the files say, and what was changed would never run.',
    next: 'Nothing was run. Take the old text back, and write what is new as a migration of its own.',
  },
  CHANGEOVER_MIGRATIONS_ORDER: {
    what: 'The phase {phase} is refused: {later} would run before {earlier}, which is pending ({earlierPhase}) and touches {objects} too.',
    why: 'A step that runs before the one that was written before it meets a schema that its author did not have.',
    next: 'Nothing was run. Run the phase {earlierPhase} first, or put the steps into the order in which they are to run.',
  },
  CHANGEOVER_MIGRATIONS_LOCKED: {
    what: 'Another guard holds the lock: {holder}.',
    why: 'Two runners at once would do the same steps twice.',
    next: 'Nothing was run. Wait until it is done, or raise lockWait.',
  },
  CHANGEOVER_MIGRATIONS_LOCK_LOST: {
    what: 'The lock of the guard was lost {place}.',
    why: 'Another guard may run the same steps now.',
    next: 'No further step was run. Take pg_advisory_unlock_all, DISCARD ALL and the like out of the migrations, then run the phase again.',
  },
  CHANGEOVER_MIGRATIONS_POOLED: {
    what: 'The database is reached through a pooler that hands each transaction to another session ({evidence}).',
    why: 'The lock of the guard and its time-outs belong to a session: here they would hold for nobody, or for others.',
    next: 'Nothing was run. Give the guard a direct connection to the server.',
  },
  CHANGEOVER_MIGRATIONS_UNSENDABLE: {
    what: '{statement} ({place}) cannot be run by the guard: {problem}.',
    why: 'The guard could not tell afterwards what has been done.',
    next: 'Nothing was run. Take it out of the migration.',
  },
  CHANGEOVER_MIGRATIONS_BLOCKED: {
    what: '{place} did not get its locks in {attempts} attempts ({ms} ms). Blocked by: {blockers}.',
    why: 'To wait longer in one go would keep every query that comes after it waiting too.',
    next: 'Nothing of this step has been done. End what blocks it, then run the phase again.',
  },
  CHANGEOVER_MIGRATIONS_STEP_FAILED: {
    what: '{place} failed: {problem} ({state}).',
    why: 'The server refuses the step; those after it rely on it.',
    next: 'What ran before it stays and is not run again. Mend the cause, then run the phase again.',
  },
  CHANGEOVER_MIGRATIONS_UNDECIDED: {
    what: '{place} was begun and not finished, and the catalog does not tell whether it was done: {statement}',
    why: 'To run it twice may do harm, and so may leaving it out.',
    next: "Look for yourself, then say so: update {table} set state = 'done' (or 'planned') where migration = '{migration}' and step = {step}.",
  },
  CHANGEOVER_MIGRATIONS_CONNECTION_LOST: {
    what: 'The connection to the database was lost in {place}: {problem}.',
    why: 'Whether the server has done the step is not known from here; the journal says that it was begun.',
    next: 'Run the phase again: it decides by looking at the database.',
  },
  CHANGEOVER_MIGRATIONS_BACKFILL_INCOMPLETE: {
    what: 'The backfill {backfill} is not complete: {problem}.',
    why: 'To tighten or to take away now would fail on, or lose, the rows that are left.',
    next: 'See that what writes these rows fills them, then run the phase backfill again.',
  },
  CHANGEOVER_MIGRATIONS_BELOW_FLOOR: {
    what: 'Release {release} may not start: the lowest release that the schema serves is {floor}{why}.',
    why: 'What it reads has been taken away from the schema, or what it writes is no longer let in.',
    next: 'Start {floor} or a later release.',
  },
}
