import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditRecord } from '../../src/access/audit-line.ts'
import { type FileAudit, fileAudit } from '../../src/index.ts'

let folder: string
let path: string
let audit: FileAudit

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'changeover-audit-'))
  path = join(folder, 'audit.jsonl')
  audit = fileAudit({ path })
})
afterEach(async () => {
  await audit.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('The audit log', () => {
  it('is empty before the first entry, and makes no file by being read', async () => {
    expect(await audit.read({ limit: 10 })).toEqual([])
    expect(await audit.verify()).toEqual({ ok: true, entries: 0, problem: undefined })
    expect(readdirSync(folder)).toEqual([])
  })

  it('tells the newest first, as many as asked for, page by page', async () => {
    for (let n = 0; n < 5; n += 1) await audit.record(entry({ target: `r${n}` }))
    const first = await audit.read({ limit: 2 })
    expect(first.map(({ target }) => target)).toEqual(['r4', 'r3'])
    const next = await audit.read({ limit: 2, before: first.at(-1)!.seq })
    expect(next.map(({ target }) => target)).toEqual(['r2', 'r1'])
    expect(await audit.read({ limit: 2, before: 0 })).toEqual([])
    expect(await audit.read({ limit: Number.NaN })).toEqual([])
    expect(await audit.verify()).toEqual({ ok: true, entries: 5, problem: undefined })
  })

  it('keeps the order of those that come together, and is for its owner alone', async () => {
    await Promise.all(
      Array.from({ length: 500 }, (_, n) => audit.record(entry({ target: `${n}` }))),
    )
    const told = (await audit.read({ limit: 500 })).map(({ target }) => Number(target))
    expect(told).toEqual(Array.from({ length: 500 }, (_, n) => 499 - n))
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('goes on where it stood after a restart', async () => {
    await audit.record(entry({ target: 'one' }))
    await audit.close()
    audit = fileAudit({ path })
    await audit.record(entry({ target: 'two' }))
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 2 })
    expect((await audit.read({ limit: 9 })).map(({ seq }) => seq)).toEqual([1, 0])
  })

  it('holds whatever text is thrown at it as one line that reads the same, cut to its bounds', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('\r\n{"seq":0}\r\n', '\u2028', '\u0000', '\ud800', '"', '\\n', '\u001b[2J'),
    )
    const records = fc.array(fc.record({ actor: text, target: text, reason: text }), {
      minLength: 1,
      maxLength: 20,
    })
    let expected = 0
    await fc.assert(
      fc.asyncProperty(records, async (some) => {
        await Promise.all(some.map((one) => audit.record(entry(one))))
        expected += some.length
        const told = (await audit.read({ limit: some.length })).toReversed()
        expect(told.map(({ actor, target, reason }) => ({ actor, target, reason }))).toEqual(some)
      }),
      { numRuns: 12 },
    )
    expect(await audit.verify()).toMatchObject({ ok: true, entries: expected })
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(expected + 1)
    await audit.record(entry({ reason: 'x'.repeat(5_000) }))
    expect((await audit.read({ limit: 1 }))[0]!.reason).toHaveLength(1_000)
  })

  it('removes what a crash cut off, wherever it did', async () => {
    for (const target of ['one', 'two', 'three']) await audit.record(entry({ target }))
    await audit.close()
    const whole = readFileSync(path)
    const two = whole.indexOf('\n', whole.indexOf('\n') + 1) + 1
    for (const size of [two, two + 1, whole.length - 30, whole.length - 1]) {
      truncateSync(path, size)
      audit = fileAudit({ path })
      expect((await audit.read({ limit: 9 })).map(({ target }) => target)).toEqual(['two', 'one'])
      expect(await audit.verify()).toMatchObject({ ok: true, entries: 2 })
      await audit.record(entry({ target: 'after' }))
      await audit.close()
      expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(3)
      expect(await audit.verify()).toMatchObject({ ok: true, entries: 3 })
      writeFileSync(path, whole)
    }
  })

  it('refuses to go on behind a line that was changed, and says which', async () => {
    for (const target of ['one', 'two', 'three']) await audit.record(entry({ target }))
    await audit.close()
    writeFileSync(path, readFileSync(path, 'utf8').replace('"two"', '"owt"'))
    audit = fileAudit({ path })
    await expect(audit.record(entry({}))).rejects.toMatchObject({
      code: 'CHANGEOVER_CONSOLE_AUDIT_INVALID',
      details: { path, line: 2, problem: 'its content does not match its hash' },
    })
    expect(await audit.verify()).toEqual({
      ok: false,
      entries: 1,
      problem: `${path}, line 2: its content does not match its hash`,
    })
    renameSync(path, join(folder, 'evidence'))
    await audit.record(entry({}))
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 1 })
  })

  it.each([
    ['a line taken out', (lines: string[]) => lines.toSpliced(1, 1)],
    ['two lines swapped', ([a, b, c]: string[]) => [a!, c!, b!]],
    ['a line put in twice', ([a, b, c]: string[]) => [a!, b!, b!, c!]],
    ['a line that is no entry', ([a, b, c]: string[]) => [a!, '{}', b!, c!]],
    ['a first line taken out', (lines: string[]) => lines.slice(1)],
  ])('notices %s', async (_, change) => {
    for (const target of ['one', 'two', 'three']) await audit.record(entry({ target }))
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    writeFileSync(path, `${change(lines).join('\n')}\n`)
    expect(await audit.verify()).toMatchObject({ ok: false })
  })

  it('has one writer, and tells which process', async () => {
    await audit.record(entry({}))
    const other = fileAudit({ path })
    await expect(other.record(entry({}))).rejects.toMatchObject({
      code: 'CHANGEOVER_CONSOLE_AUDIT_OWNED',
      details: { path, pid: process.pid },
    })
    expect(await other.read({ limit: 9 })).toHaveLength(1)
    await audit.close()
    await other.record(entry({}))
    expect(await other.verify()).toMatchObject({ ok: true, entries: 2 })
    await other.close()
    expect(readdirSync(folder)).toEqual(['audit.jsonl'])
  })

  it('has every entry that was acknowledged after its writer was killed, three times in a row', async () => {
    const fixture = new URL('../fixtures/write-audit.mjs', import.meta.url)
    let acknowledged = 0
    for (let round = 0; round < 3; round += 1) {
      const child = fork(fixture, [path], { execArgv: [] })
      let last = -1
      child.on('message', (seq: number) => {
        last = seq
        if (last > 20 * (round + 1)) child.kill('SIGKILL')
      })
      await once(child, 'close')
      expect(last).toBeGreaterThan(0)
      acknowledged += last + 1
      const found = await audit.verify()
      expect(found).toMatchObject({ ok: true })
      expect(found.entries).toBeGreaterThanOrEqual(acknowledged)
    }
    await audit.record(entry({ target: 'after' }))
    expect((await audit.read({ limit: 1 }))[0]!.target).toBe('after')
  })

  it('says what the disk says, refuses all that waited, and goes on when it can', async () => {
    const gone = fileAudit({ path: join(folder, 'nowhere', 'audit.jsonl') })
    const results = await Promise.allSettled([gone.record(entry({})), gone.record(entry({}))])
    expect(results.map((one) => one.status)).toEqual(['rejected', 'rejected'])
    await expect(gone.record(entry({}))).rejects.toMatchObject({
      code: 'CHANGEOVER_CONSOLE_AUDIT_FAILED',
      message: expect.stringContaining('ENOENT') as string,
    })
    await gone.close()
  })

  it('takes nothing any more once it is closed, which it may be twice', async () => {
    await audit.record(entry({}))
    const last = audit.record(entry({}))
    await Promise.all([audit.close(), audit.close()])
    await last
    await expect(audit.record(entry({}))).rejects.toMatchObject({
      code: 'CHANGEOVER_CONSOLE_AUDIT_FAILED',
    })
    expect(await audit.read({ limit: 9 })).toHaveLength(2)
  })

  it.each([
    [{ path: '' }, 'path'],
    [{ path: 'a', maxSize: 10 }, 'maxSize'],
    [{ path: 'a', keep: 0 }, 'keep'],
    [{ path: 'a', colour: 1 }, 'colour'],
  ])('is refused with the options %j', (options, field) => {
    expect(() => fileAudit(options)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field }) as object }),
    )
  })
})

describe('A full audit log', () => {
  const small = { maxSize: 4_096, keep: 3 }
  const reason = 'x'.repeat(600)

  it('goes on in a new file that continues the chain, and keeps so many', async () => {
    await audit.close()
    audit = fileAudit({ path, ...small })
    for (let n = 0; n < 40; n += 1) await audit.record(entry({ target: `${n}`, reason }))
    const names = readdirSync(folder).filter((name) => !name.endsWith('.lock'))
    expect(names).toHaveLength(4)
    for (const name of names) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(4_096)
    const all = await audit.read({ limit: 1_000 })
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, n) => 39 - n))
    expect(await audit.verify()).toEqual({ ok: true, entries: all.length, problem: undefined })
    const page = await audit.read({ limit: 3, before: 35 })
    expect(page.map(({ seq }) => seq)).toEqual([34, 33, 32])
    expect(all.at(-1)!.seq).toBeGreaterThan(0)
  })

  it('goes on after a restart between two files', async () => {
    await audit.close()
    audit = fileAudit({ path, ...small })
    for (let n = 0; n < 8; n += 1) await audit.record(entry({ reason }))
    await audit.close()
    // As a crash leaves it right after the full file was put aside.
    const { seq } = JSON.parse(readFileSync(path, 'utf8').split('\n')[0]!) as { seq: number }
    renameSync(path, `${path}.${String(seq).padStart(12, '0')}`)
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 8 })
    audit = fileAudit({ path, ...small })
    await audit.record(entry({ reason }))
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 9 })
    expect((await audit.read({ limit: 1 }))[0]!.seq).toBe(8)
  })

  it('notices a file that is missing in the middle', async () => {
    await audit.close()
    audit = fileAudit({ path, ...small })
    for (let n = 0; n < 20; n += 1) await audit.record(entry({ reason }))
    const [, second] = readdirSync(folder).filter((name) => /\d{12}$/.test(name))
    rmSync(join(folder, second!))
    expect(await audit.verify()).toMatchObject({ ok: false })
  })

  it('leaves alone what merely has a similar name', async () => {
    writeFileSync(`${path}.backup`, 'mine')
    appendFileSync(`${path}.1`, 'mine')
    chmodSync(`${path}.1`, 0o600)
    await audit.record(entry({}))
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 1 })
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('mine')
  })
})

function entry(changes: Partial<AuditRecord>): AuditRecord {
  return {
    actor: 'alice',
    via: 'token',
    from: '127.0.0.1',
    action: 'approve',
    target: undefined,
    outcome: 'accepted',
    code: undefined,
    reason: undefined,
    ...changes,
  }
}
