import { describe, expect, test } from 'vitest'
import { askServer } from '../../src/mysql/ask-server.ts'
import { guardedDdl } from '../../src/mysql/guarded-ddl.ts'

describe('guardedDdl', () => {
  test('asks MariaDB for the cheapest way first', () => {
    expect(
      guardedDdl('ALTER TABLE a ADD b INT; -- done', { server: 'mariadb' }).map(({ sql }) => sql),
    ).toEqual([
      'ALTER TABLE a ADD b INT, ALGORITHM=INSTANT, LOCK=NONE',
      'ALTER TABLE a ADD b INT, ALGORITHM=NOCOPY, LOCK=NONE',
      'ALTER TABLE a ADD b INT, ALGORITHM=INPLACE, LOCK=NONE',
    ])
  })

  test('uses the words that MySQL knows', () => {
    expect(
      guardedDdl('ALTER TABLE a ADD b INT', { server: 'mysql' }).map(({ sql }) => sql),
    ).toEqual([
      'ALTER TABLE a ADD b INT, ALGORITHM=INSTANT',
      'ALTER TABLE a ADD b INT, ALGORITHM=INPLACE, LOCK=NONE',
    ])
    expect(
      guardedDdl('CREATE INDEX i ON a (b)', { server: 'mysql' }).map(({ sql }) => sql),
    ).toEqual(['CREATE INDEX i ON a (b) ALGORITHM=INPLACE LOCK=NONE'])
  })

  test('writes DROP INDEX as the ALTER TABLE that it is', () => {
    expect(guardedDdl('DROP INDEX `i` ON a', { server: 'mysql' })[0]?.sql).toBe(
      'ALTER TABLE a DROP INDEX `i`, ALGORITHM=INPLACE, LOCK=NONE',
    )
  })

  test('leaves what asks already, and has nothing for other statements', () => {
    const asks = 'ALTER TABLE a ADD b INT, ALGORITHM=INPLACE'
    expect(guardedDdl(asks, { server: 'mysql' })).toEqual([{ algorithm: 'AS WRITTEN', sql: asks }])
    expect(guardedDdl('DROP TABLE a', { server: 'mysql' })).toEqual([])
    expect(guardedDdl('ALTER TABLE a ADD b INT; DROP TABLE a', { server: 'mysql' })).toEqual([])
  })
})

describe('askServer', () => {
  test('tells a refusal for another reason from one that would block', async () => {
    const refusing = (errno: number) => ({
      server: 'mysql' as const,
      query: () => Promise.reject(Object.assign(new Error('no'), { errno })),
    })
    expect(await askServer('ALTER TABLE a ADD b INT', refusing(1146))).toMatchObject({
      verdict: 'refused',
      error: { code: '1146' },
    })
    expect(await askServer('ALTER TABLE a ADD b INT', refusing(1846))).toMatchObject({
      verdict: 'unsafe',
    })
    expect(await askServer('DROP TABLE a', refusing(1))).toEqual({ verdict: 'unknown' })
  })

  test('does not take a lost connection for an answer', async () => {
    const lost = {
      server: 'mysql' as const,
      query: () => Promise.reject(new Error('socket closed')),
    }
    await expect(askServer('ALTER TABLE a ADD b INT', lost)).rejects.toThrow('socket closed')
  })
})
