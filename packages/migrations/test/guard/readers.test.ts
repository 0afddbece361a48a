import { createMigrationGuard } from '@changeover/migrations'
import type pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { serverKinds } from './servers.ts'
import type { TestServer } from './servers.ts'

const kinds = await serverKinds()
const servers = await Promise.all(
  kinds.map(async ({ name, start }) => [name, await start()] as const),
)
afterAll(() => Promise.all(servers.map(([, server]) => server.close())))

const LOCK_TIMEOUT_MS = 500
const READERS = 5

/** The longest that one of its reads took, by the clock of this process, until it is stopped. */
function readAgainAndAgain(
  client: pg.Client,
  sql: string,
): { stop(): Promise<{ longestMs: number; reads: number }> } {
  const stopping = new AbortController()
  const reading = (async () => {
    let longestMs = 0
    let reads = 0
    while (!stopping.signal.aborted) {
      const began = performance.now()
      await client.query(sql)
      longestMs = Math.max(longestMs, performance.now() - began)
      reads += 1
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return { longestMs, reads }
  })()
  return {
    stop: () => {
      stopping.abort()
      return reading
    },
  }
}

const cases = [
  ['one lock', 'ALTER TABLE users ADD COLUMN city text', 'users'],
  // It has the lock of the first table while it waits for that of the second.
  [
    'a lock after another',
    'ALTER TABLE orders ADD COLUMN city text; ALTER TABLE users ADD COLUMN city text',
    'orders',
  ],
  ['a statement with two locks', 'TRUNCATE orders, users', 'orders'],
] as const

describe('Readers', () => {
  test.each(cases)(
    'behind a migration that is blocked wait for its lock timeout and no longer: %s',
    async (name, sql, read) => {
      const waits = await Promise.all(
        servers.map(([, server]) => blockedOn(server, { name, sql, read })),
      )
      for (const { longestMs, strayMs } of waits)
        expect(longestMs).toBeLessThan(LOCK_TIMEOUT_MS + 100 + strayMs)
    },
  )
})

interface Wait {
  /** The longest that a reader waited. */
  readonly longestMs: number
  /** What the clock of a busy machine adds: it comes on top of the 100 ms that are allowed. */
  readonly strayMs: number
}

interface Blocked {
  readonly name: string
  readonly sql: string
  /** The table that is read meanwhile. */
  readonly read: string
}

async function blockedOn(server: TestServer, { name, sql, read }: Blocked): Promise<Wait> {
  const database = await server.database(
    'create table users (id bigint primary key); create table orders (id bigint primary key, user_id bigint)',
  )
  const holder = await database.connect('holder')
  await holder.query('begin; lock table users in row exclusive mode')
  const readers = await Promise.all(
    Array.from({ length: READERS }, (_reader, index) => database.connect(`reader ${index}`)),
  )
  const guard = createMigrationGuard({
    database: database.reach,
    migrations: [{ id: '1', file: '1.sql', sql }],
    live: [],
    retry: { attempts: 2, pause: 50 },
    judge: async () => ({
      verdict: 'safe',
      findings: [],
      migrations: [{ id: '1', file: '1.sql', verdict: 'safe', phase: 'expand' }],
    }),
  })
  const reading = readers.map((reader) => readAgainAndAgain(reader, `select from ${read}`))
  await expect(guard.run({ phase: 'expand' })).rejects.toMatchObject({
    code: 'CHANGEOVER_MIGRATIONS_BLOCKED',
    message: expect.stringContaining('holder'),
  })
  const ends = await Promise.all(reading.map((one) => one.stop()))
  const longestMs = Math.max(...ends.map((one) => one.longestMs))
  process.stderr.write(
    `readers on ${server.version}, ${name}: longest wait ${Math.round(longestMs)} ms\n`,
  )
  const stray = await strayMs()
  await holder.query('commit')
  expect(await guard.run({ phase: 'expand' })).toMatchObject({ ran: ['1'] })
  await guard.close()
  return { longestMs, strayMs: stray }
}

/** By how much this machine is late just now, at its worst of many times. */
async function strayMs(): Promise<number> {
  let worst = 0
  for (let round = 0; round < 20; round += 1) {
    const began = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 10))
    worst = Math.max(worst, performance.now() - began - 10)
  }
  return worst + 100
}
