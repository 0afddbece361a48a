import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createToken, type FileTokens, fileTokens, type StoredToken } from '../../src/index.ts'
import { findToken, hashOf } from '../../src/access/token.ts'

const clock = { now: () => 1_000, sleep: () => Promise.resolve() }
let folder: string
let path: string
let tokens: FileTokens

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'changeover-tokens-'))
  path = join(folder, 'tokens.json')
  tokens = fileTokens({ path })
})
afterEach(async () => {
  await tokens.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('A token', () => {
  it('has 256 random bits behind a prefix that scanners find, and is kept as a hash alone', () => {
    const { token, stored } = createToken({ name: 'alice', role: 'approver', clock })
    expect(token).toMatch(/^co_[\w-]{43}$/)
    expect(stored).toEqual({
      name: 'alice',
      role: 'approver',
      hash: hashOf(token).toString('hex'),
      createdAt: 1_000,
    })
    expect(createToken({ name: 'alice', role: 'approver' }).token).not.toBe(token)
  })

  it.each([
    [{ name: '' }, 'name'],
    [{ name: 'a b' }, 'name'],
    [{ name: 'a\nb' }, 'name'],
    [{ name: '-rf' }, 'name'],
    [{ name: 'x'.repeat(65) }, 'name'],
    [{ role: 'root' }, 'role'],
    [{ expiresAt: -1 }, 'expiresAt'],
    [{ colour: 'red' }, 'colour'],
  ])('is refused with %j', (wrong, field) => {
    const options = { name: 'alice', role: 'viewer', ...wrong } as const
    expect(() => createToken(options as never)).toThrow(
      expect.objectContaining({
        code: 'CHANGEOVER_OPTION_INVALID',
        details: expect.objectContaining({ field }) as object,
      }),
    )
  })

  it('is compared with every other one, whether it is the first, the last or none of them', () => {
    const made = Array.from({ length: 20 }, (_, n) =>
      createToken({ name: `t${n}`, role: 'viewer' }),
    )
    const stored = made.map((one) => one.stored)
    const counted = (secret: string): [string | undefined, number] => {
      let count = 0
      const equal = (one: Buffer, other: Buffer): boolean => {
        count += 1
        return one.equals(other)
      }
      return [findToken(stored, hashOf(secret), 0, equal)?.name, count]
    }
    expect(counted(made[0]!.token)).toEqual(['t0', 20])
    expect(counted(made[19]!.token)).toEqual(['t19', 20])
    expect(counted('co_nobody')).toEqual([undefined, 20])
    expect(counted('')).toEqual([undefined, 20])
  })

  it('is over at the time that it was given for', () => {
    const { token, stored } = createToken({ name: 'a', role: 'viewer', expiresAt: 500 })
    expect(findToken([stored], hashOf(token), 499)).toBe(stored)
    expect(findToken([stored], hashOf(token), 500)).toBeUndefined()
  })
})

describe('A file of tokens', () => {
  it('that is not there means that there are none', () => {
    expect(tokens.list()).toEqual([])
  })

  it('keeps what was added, for its owner alone, and leaves nothing else behind', async () => {
    const { stored, token } = createToken({ name: 'alice', role: 'operator', expiresAt: 9e15 })
    await tokens.add(stored)
    expect(tokens.list()).toEqual([stored])
    expect(fileTokens({ path }).list()).toEqual([stored])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path, 'utf8')).not.toContain(token.slice(3))
    expect(readdirSync(folder)).toEqual(['tokens.json'])
  })

  it('is read again when another one changed it, at once', async () => {
    const other = fileTokens({ path })
    for (let round = 0; round < 20; round += 1) {
      const { stored } = createToken({ name: 'alice', role: 'viewer' })
      await other.add(stored)
      expect(tokens.list()).toEqual([stored])
      await other.revoke('alice')
      expect(tokens.list()).toEqual([])
    }
    await other.add(createToken({ name: 'bob', role: 'viewer' }).stored)
    rmSync(path)
    expect(tokens.list()).toEqual([])
  })

  it('knows each name once, however it is spelt', async () => {
    await tokens.add(createToken({ name: 'alice', role: 'viewer' }).stored)
    const again = tokens.add(createToken({ name: 'Alice', role: 'operator' }).stored)
    await expect(again).rejects.toMatchObject({ code: 'CHANGEOVER_CONSOLE_TOKEN_TAKEN' })
    await expect(tokens.revoke('bob')).rejects.toMatchObject({
      code: 'CHANGEOVER_CONSOLE_TOKEN_UNKNOWN',
    })
    expect(tokens.list().map(({ name }) => name)).toEqual(['alice'])
  })

  it('loses none of those that are added at the same time', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `t${n}`)
    const others = names.map(() => fileTokens({ path }))
    const add = (name: string, n: number): Promise<void> =>
      others[n]!.add(createToken({ name, role: 'viewer' }).stored)
    await Promise.all(names.map(add))
    expect(
      tokens
        .list()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(names.toSorted())
  })

  it('is whole whenever its writer is killed', async () => {
    const fixture = new URL('../fixtures/add-tokens.mjs', import.meta.url)
    for (let round = 0; round < 3; round += 1) {
      const child = fork(fixture, [path], { execArgv: [] })
      const [name] = (await once(child, 'message')) as [string]
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect(tokens.list().map((token) => token.name)).toContain(name)
    }
    // The lock of the dead is no hindrance.
    await tokens.add(createToken({ name: 'after', role: 'viewer' }).stored)
    expect(tokens.list().at(-1)?.name).toBe('after')
  })

  it.each([0o640, 0o604, 0o660, 0o602])('is refused with the mode %o', async (mode) => {
    await tokens.add(createToken({ name: 'alice', role: 'viewer' }).stored)
    expect(tokens.list()).toHaveLength(1)
    chmodSync(path, mode)
    const exposed = { code: 'CHANGEOVER_CONSOLE_TOKENS_EXPOSED' }
    expect(() => tokens.list()).toThrow(expect.objectContaining(exposed))
    await expect(tokens.revoke('alice')).rejects.toMatchObject(exposed)
    chmodSync(path, 0o600)
    expect(tokens.list()).toHaveLength(1)
  })

  it('is refused where others may put another one in its place', async () => {
    await tokens.add(createToken({ name: 'alice', role: 'viewer' }).stored)
    chmodSync(folder, 0o777)
    expect(() => fileTokens({ path }).list()).toThrow(/others may replace it.* 0777/)
    chmodSync(folder, 0o1777)
    expect(fileTokens({ path }).list()).toHaveLength(1)
  })

  it('is refused where it is no file', () => {
    mkdirSync(path)
    expect(() => tokens.list()).toThrow(/no plain file/)
  })

  const hash = 'ab'.repeat(32)
  const good: StoredToken = { name: 'a', role: 'viewer', hash, createdAt: 1 }
  const file = (...list: object[]): string => JSON.stringify({ version: 1, tokens: list })
  it.each<[string, string, RegExp]>([
    ['cut off', file(good).slice(0, -20), /: (the file|line 1): it is no JSON/],
    ['empty', '', /: (the file|line 1): it is no JSON/],
    ['a wrong comma', `{\n "version": 1,\n "tokens": [],\n}`, /: line 4: it is no JSON/],
    ['a list', '[]', /: the file: it is not as it was written/],
    ['a newer version', '{"version":2,"tokens":[]}', /: version: it is not 1/],
    ['no list', '{"version":1,"tokens":{}}', /: tokens: it is no list/],
    ['a role', file(good, { ...good, role: 'root' }), /: tokens\.1\.role: it is none of/],
    ['a hash', file({ ...good, hash: `${hash}cd` }), /: tokens\.0\.hash: it is no SHA-256/],
    ['a hash for a key', file({ ...good, [hash]: 1 }), /: tokens\.0: it has a field/],
    ['a name', file({ ...good, name: `${hash}s` }), /: tokens\.0\.name: it is no name/],
    [
      'one name twice',
      file(good, { ...good, hash: 'cd'.repeat(32) }),
      /: tokens\.1\.name: another/,
    ],
    ['one hash twice', file(good, { ...good, name: 'b' }), /: tokens\.1\.hash: another/],
  ])('with %s is refused, with the place and without any hash', (_, text, message) => {
    writeFileSync(path, text, { mode: 0o600 })
    const error = thrown(() => tokens.list())
    expect(error).toMatchObject({ code: 'CHANGEOVER_CONSOLE_TOKENS_INVALID' })
    expect(error.message).toMatch(message)
    expect(error.message).toContain(path)
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toMatch(/(?:ab){8}/)
  })

  it('takes in nothing that it would refuse to read', async () => {
    await tokens.add(createToken({ name: 'alice', role: 'viewer' }).stored)
    for (const wrong of [{ name: 'a b' }, { hash: 'x' }, { role: 'root' }, { more: 1 }]) {
      const token = { ...createToken({ name: 'bob', role: 'viewer' }).stored, ...wrong }
      await expect(tokens.add(token as StoredToken)).rejects.toMatchObject({
        code: 'CHANGEOVER_CONSOLE_TOKENS_INVALID',
      })
    }
    expect(tokens.list().map(({ name }) => name)).toEqual(['alice'])
    expect(readdirSync(folder)).toEqual(['tokens.json'])
  })

  it('that cannot be written is refused with a code', async () => {
    const nowhere = fileTokens({ path: join(folder, 'nowhere', 'tokens.json') })
    const added = nowhere.add(createToken({ name: 'alice', role: 'viewer' }).stored)
    await expect(added).rejects.toMatchObject({
      code: 'CHANGEOVER_CONSOLE_TOKENS_INVALID',
      message: expect.stringContaining('ENOENT') as string,
    })
  })

  it('is not made by looking', () => {
    tokens.list()
    expect(existsSync(path)).toBe(false)
  })
})

function thrown(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
