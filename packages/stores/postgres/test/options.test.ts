import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { type PostgresStoreOptions, postgresStore } from '@changeover/store-postgres'
import pg from 'pg'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { cleanCause, readFailure } from '../src/failure.ts'
import { readNotice } from '../src/notices.ts'

const url = 'postgres://deploy:hunter2@127.0.0.1:1/deploys'

describe('Options', () => {
  const pool = new pg.Pool()

  test.each<[string, unknown]>([
    ['connection', {}],
    ['connection', { connection: url, pool }],
    ['connection', { connection: 'mysql://deploy:hunter2@db/deploys' }],
    ['connection', { connection: 'hunter2' }],
    ['connection.port', { connection: { host: 'db', port: 0 } }],
    ['connection.hots', { connection: { hots: 'db', password: 'hunter2' } }],
    ['pool', { pool: { query: 'hunter2' } }],
    ['schema', { connection: url, schema: 'Drop Table' }],
    ['schema', { connection: url, schema: 'a"b' }],
    ['patience', { connection: url, patience: true }],
    ['timeout', { connection: url, timeout: 0 }],
    ['timeout', { connection: url, timeout: '40d' }],
    ['retain', { connection: url, retain: 0 }],
    ['clock', { connection: url, clock: {} }],
    ['logger', { connection: url, logger: {} }],
    ['tables', { connection: url, tables: 'mine' }],
  ])(
    'with a wrong %s are refused, without a word of where the database is: %#',
    (field, options) => {
      const error = refusalOf(() => postgresStore(options as PostgresStoreOptions))
      expect(error).toMatchObject({ code: 'CHANGEOVER_OPTION_INVALID', details: { field } })
      expect(inspect(error, { depth: 9 })).not.toContain('hunter2')
    },
  )

  test('with an unreadable duration are refused', () => {
    const error = refusalOf(() => postgresStore({ connection: url, patience: 'soon' }))
    expect(error).toMatchObject({ code: 'CHANGEOVER_DURATION_INVALID' })
  })
})

test('No error and no line of the log tells the password', async () => {
  const lines: string[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const connections: PostgresStoreOptions['connection'][] = [
    url,
    'postgres://deploy:hunter2@db.invalid/deploys',
    { host: '127.0.0.1', port: await closingPort(), user: 'deploy', password: 'hunter2' },
  ]
  for (const connection of connections) {
    const store = postgresStore({ connection: connection!, logger, patience: '100ms' })
    onTestFinished(() => store.close())
    const unsubscribe = store.watch(() => undefined)
    const error: unknown = await store
      .lease('shop', 'one', 1_000)
      .catch((thrown: unknown) => thrown)
    unsubscribe()
    expect(error).toMatchObject({ code: 'CHANGEOVER_POSTGRES_UNREACHABLE' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2')
  }
  expect(lines.join('')).toContain('asking again')
  expect(lines.join('')).not.toContain('hunter2')
})

test('A store that nothing was asked of connects to nothing, and closes at once, twice', async () => {
  const server = createServer()
  let connected = 0
  server.on('connection', () => (connected += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const store = postgresStore({ connection: { host: '127.0.0.1', port } })
  await Promise.all([store.close(), store.close(), store[Symbol.asyncDispose]()])
  expect(connected).toBe(0)
})

describe('A failure', () => {
  const coded = (code: string): Error => Object.assign(new Error('it failed'), { code })

  test.each(['08006', '57P01', '57P03', '25006', '40001', '57014', 'EPIPE', 'ECONNRESET'])(
    'with %s passes',
    (code) => expect(readFailure(coded(code))).toMatchObject({ passing: true, state: code }),
  )

  test.each(['28P01', '3D000', '42501', '42P01', '53100'])('with %s does not', (code) =>
    expect(readFailure(coded(code))).toMatchObject({ passing: false, state: code }),
  )

  test('of the connection passes, whatever it says', () => {
    expect(readFailure(new Error('Connection terminated'))).toMatchObject({ passing: true })
    expect(readFailure('odd')).toEqual({
      state: undefined,
      problem: 'no reason given',
      passing: true,
    })
  })

  test('is told without URLs that have passwords, for each address once', () => {
    const one = new Error('Invalid URL: postgres://me:secret@db/x')
    const failure = readFailure(new AggregateError([one, one, coded('ECONNREFUSED')]))
    expect(failure.problem).toBe('Invalid URL: postgres://…@db/x; it failed')
    expect(cleanCause(failure).message).toBe(failure.problem)
  })
})

test.each(['', '{}', 'null', '["a"]', '["a","journal","r"]', '["b","command"]', '["a","other"]'])(
  'A notice that is none of ours is passed over: %s',
  (payload) => expect(readNotice(payload, 'a')).toBeUndefined(),
)

function refusalOf(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}

/** Of a server that hangs up on everybody. */
async function closingPort(): Promise<number> {
  const server = createServer((socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}
