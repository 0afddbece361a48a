import type { RuleTexts } from './rule.ts'

const NOT_TOLD = 'What it does is not in the text of the migration.'

/** Rules about what works on rows, on whole tables, and on the session. */
export const OPERATION_TEXTS: RuleTexts = {
  insert: {
    title: 'INSERT',
    message: 'Rows are added to {table}.',
    why: 'Rows that are there stay unlocked.',
    fix: '-',
  },
  'bounded-write': {
    title: 'A write that touches few rows',
    message: '{verb} touches only rows of {table} that are named by key or limited.',
    why: 'Their locks last for the length of a batch.',
    fix: '-',
  },
  'unbatched-backfill': {
    title: 'UPDATE or DELETE without a bound',
    message:
      '{verb} on {table} locks every row that it meets until the transaction ends: writers of these rows wait.',
    why: 'One statement is one transaction at least. It also leaves as many dead rows as it touches.',
    fix: '-- backfill: in batches along the key, each a transaction of its own, with a pause between\n{batch} WHERE id > $last AND id <= $last + 1000;',
  },
  'write-new-table': {
    title: 'A write to a table that nobody uses yet',
    message: '{table} is new: nobody waits for its rows.',
    why: 'The table was created by the same plan, or is temporary.',
    fix: '-',
  },
  'select-for-update': {
    title: 'SELECT FOR UPDATE without a bound',
    message: 'Every row of {table} is locked until the transaction ends: writers wait.',
    why: 'FOR UPDATE and FOR SHARE lock rows as an UPDATE does.',
    fix: 'SELECT ... FROM {table} WHERE id > $last ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED;',
  },
  query: {
    title: 'A query',
    message: 'Nothing is changed.',
    why: 'Reading keeps nobody waiting.',
    fix: '-',
  },
  'calls-function': {
    title: 'A call of a function that may do anything',
    message: 'What {function} does cannot be read from the migration.',
    why: `${NOT_TOLD} A function may run any SQL, DDL included.`,
    fix: '-- write its statements into the migration, or judge it with an oracle that has the function',
  },
  'calls-procedure': {
    title: 'CALL',
    message: 'What {function} does cannot be read from the migration.',
    why: `${NOT_TOLD} A procedure may run any SQL, DDL included, and commit.`,
    fix: '-- write its statements into the migration, or judge it with an oracle that has the procedure',
  },
  'opaque-dynamic-sql': {
    title: 'SQL that is put together when it runs',
    message:
      'The block runs SQL that is only put together when it runs: what it does cannot be read.',
    why: 'EXECUTE takes any text, DROP included.',
    fix: '-- write the statement out, or generate the migration from a script and check what it generates',
  },
  'do-block': {
    title: 'DO',
    message: 'The statements of the block are judged one by one.',
    why: 'A block is one transaction unless it commits.',
    fix: '-',
  },
  'execute-prepared': {
    title: 'EXECUTE of a prepared statement',
    message: 'What the prepared statement does is not looked up.',
    why: NOT_TOLD,
    fix: '-- write the statement itself',
  },
  prepare: {
    title: 'PREPARE',
    message: 'A statement is prepared and not run.',
    why: 'It holds for this session alone.',
    fix: '-',
  },
  'load-library': {
    title: 'LOAD',
    message: 'A shared library runs inside of the server.',
    why: NOT_TOLD,
    fix: '-- load it by shared_preload_libraries, outside of migrations',
  },
  'copy-from': {
    title: 'COPY FROM',
    message: 'Rows are added to {table}.',
    why: 'Rows that are there stay unlocked.',
    fix: '-',
  },
  'copy-to': {
    title: 'COPY TO',
    message: 'Rows of {table} are read.',
    why: 'Reading keeps nobody waiting.',
    fix: '-',
  },
  truncate: {
    title: 'TRUNCATE',
    message:
      'All rows of {table} are gone for the releases that still read them, and every query on it waits for the lock.',
    why: 'ACCESS EXCLUSIVE; readers with an older snapshot find it empty as well.',
    fix: '-- contract: once no live release reads the rows; in batches\nDELETE FROM {table} WHERE id > $last AND id <= $last + 1000;',
  },
  vacuum: {
    title: 'VACUUM',
    message: '{table} is read and written meanwhile.',
    why: 'SHARE UPDATE EXCLUSIVE conflicts with no reader and no writer.',
    fix: '-',
  },
  analyze: {
    title: 'ANALYZE',
    message: '{table} is read and written meanwhile.',
    why: 'SHARE UPDATE EXCLUSIVE conflicts with no reader and no writer.',
    fix: '-',
  },
  'vacuum-full': {
    title: 'VACUUM FULL',
    message: 'Every query on {table} waits until the table is written anew.',
    why: 'ACCESS EXCLUSIVE is held while all rows and indexes are copied.',
    fix: 'VACUUM (ANALYZE) {table};\n-- or pg_repack, which copies while the table is in use',
  },
  cluster: {
    title: 'CLUSTER',
    message: 'Every query on {table} waits until the table is written anew.',
    why: 'ACCESS EXCLUSIVE is held while all rows and indexes are copied.',
    fix: '-- pg_repack copies while the table is in use',
  },
  'lock-table': {
    title: 'LOCK TABLE',
    message:
      'Others wait for {table} ({mode}) until the transaction ends, however long that takes.',
    why: 'An explicit lock is held to the end, and who asks for it queues before everybody who comes later.',
    fix: "-- take none: single statements lock what they need\nSET LOCAL lock_timeout = '1s'; -- where there must be one",
  },
  'lock-table-weak': {
    title: 'LOCK TABLE in a mode that lets readers and writers pass',
    message: '{table} is locked ({mode}); readers and writers pass.',
    why: 'The mode conflicts with other DDL alone.',
    fix: '-',
  },
  'lock-outside-transaction': {
    title: 'LOCK TABLE outside of a transaction',
    message: 'The server refuses to lock {table} outside of a transaction.',
    why: '25P01: the lock would be gone with the statement.',
    fix: '-- remove it, or put it into a transaction with what it is to protect',
  },
  'prepare-transaction': {
    title: 'PREPARE TRANSACTION',
    message: 'All locks of the transaction stay until somebody commits it by name.',
    why: 'A prepared transaction outlives its session, and even a restart of the server.',
    fix: 'COMMIT;',
  },
  'transaction-control': {
    title: 'BEGIN, COMMIT, SAVEPOINT',
    message: 'The transaction is opened or closed.',
    why: 'By itself it changes nothing.',
    fix: '-',
  },
  'begin-without-commit': {
    title: 'BEGIN without COMMIT',
    message:
      'The transaction is never closed: its locks stay, or all that it did is lost with the connection.',
    why: 'A connection that goes back to its pool in a transaction holds every lock that it took.',
    fix: 'BEGIN;\n...\nCOMMIT;',
  },
  'work-under-lock': {
    title: 'Work while a stronger lock of the same transaction is held',
    message:
      'While this statement works, the {mode} lock that an earlier statement took on {table} is still held: everybody who needs the table waits.',
    why: 'Locks are held to the end of the transaction, whatever took them.',
    fix: '-- a transaction of its own for each\nBEGIN; {earlier}; COMMIT;\nBEGIN; {later}; COMMIT;',
  },
  'short-transaction': {
    title: 'Small work under a lock',
    message: 'A few rows are written while {table} is locked ({mode}).',
    why: 'The lock lasts as long as these few rows take.',
    fix: '-',
  },
  'many-locks': {
    title: 'Several tables locked in one transaction',
    message:
      'The transaction holds ACCESS EXCLUSIVE on several tables at once, {tables} among them.',
    why: 'A release that uses them in another order can deadlock with it (40P01), and the wait for one keeps the others locked.',
    fix: '-- one transaction for each table, with a lock_timeout',
  },
  'rolled-back': {
    title: 'A statement that is rolled back',
    message: 'The transaction is rolled back: nothing of this stays.',
    why: 'Locks are held until then all the same.',
    fix: '-',
  },
  'set-parameter': {
    title: 'SET or RESET',
    message: '{setting} holds for this session.',
    why: 'No other session sees it.',
    fix: '-',
  },
  'standing-setting': {
    title: 'A setting of a role or database that queries depend on',
    message:
      '{setting} changes for every session that begins from now on: the same query may mean something else.',
    why: 'Releases that are running get it with their next connection.',
    fix: '-- set it in the connection options of the release that needs it',
  },
  'triggers-switched-off': {
    title: 'session_replication_role = replica',
    message: 'Triggers and foreign keys no longer hold for what this session writes.',
    why: 'Rows get in that no constraint has seen.',
    fix: '-- leave it, and let the triggers run',
  },
  session: {
    title: 'A statement about the session',
    message: 'It holds for this session alone.',
    why: 'No other session sees it.',
    fix: '-',
  },
}
