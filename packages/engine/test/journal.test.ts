import { chainProblem, type Entry, fileStore, GENESIS_HASH } from '@changeover/engine'
import fc from 'fast-check'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { asJson, collect, journalMaker, temporaryFolder } from './journal-maker.ts'

const NEWLINE = 0x0a

describe('the chain', () => {
  test('the first entry is number 0 and follows the genesis hash', () => {
    const first = journalMaker('r1').created()
    expect([first.seq, first.prev]).toStrictEqual([0, GENESIS_HASH])
    expect(chainProblem(first, undefined)).toBeUndefined()
  })

  test('an entry that went through JSON is still the same entry', () => {
    const [first, second] = someEntries(2).map(asJson)
    expect(chainProblem(second!, first)).toBeUndefined()
  })

  test('any changed field is noticed', () => {
    const [first, second] = someEntries(2)
    fc.assert(
      fc.property(
        fc.constantFrom('at', 'fence', 'type', 'id', 'rollout'),
        fc.string(),
        (key, value) => {
          expect(chainProblem({ ...second!, [key]: value }, first)).toBe(
            'its content does not match its hash',
          )
        },
      ),
    )
  })

  test('a left out, repeated or exchanged entry is noticed', () => {
    const [first, second, third] = someEntries(3)
    expect(chainProblem(third!, first)).toBe('its number is 2')
    expect(chainProblem(second!, second)).toBe('its number is 1')
    const rival = journalMaker('r1', first).next({ type: 'lost', id: 'b-1', reason: 'exit' })
    expect(chainProblem(third!, rival)).toBe('it does not follow the entry before it')
  })

  test('an entry of a newer version is refused rather than misread', () => {
    const first = journalMaker('r1').created()
    const newer = { ...first, v: 3 } as unknown as Entry
    expect(chainProblem(newer, undefined)).toBe('it was written by a newer version (v3)')
  })
})

describe('a journal cut off by a crash', () => {
  test('reads as its intact prefix wherever the last line ends, and the next append repairs it', async () => {
    const entries = someEntries(4)
    const disk = await journalOnDisk()
    const kept = entries.slice(0, 3)
    const whole = linesOf(entries)
    const lastLine = linesOf(kept).length
    for (let size = lastLine; size < whole.length; size += 1) {
      await disk.write(whole.subarray(0, size))
      await expectRepairable(disk, kept, size > lastLine)
    }
  })

  test('keeps a prefix of an append of many entries, wherever it was cut', async () => {
    const entries = someEntries(12)
    const whole = linesOf(entries)
    const disk = await journalOnDisk()
    const size = fc.nat({ max: whole.length })
    await fc.assert(
      fc.asyncProperty(size, async (size) => {
        const bytes = whole.subarray(0, size)
        await disk.write(bytes)
        const kept = entries.slice(0, bytes.filter((byte) => byte === NEWLINE).length)
        await expectRepairable(disk, kept, bytes.length > 0 && bytes.at(-1) !== NEWLINE)
      }),
      { numRuns: 100 },
    )
  })

  test('keeps what precedes a tail of zeros, as a file that grew before its content came', async () => {
    const entries = someEntries(5)
    const whole = linesOf(entries)
    const disk = await journalOnDisk()
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: whole.length }),
        fc.integer({ min: 1, max: 9_000 }),
        async (size, zeros) => {
          const bytes = whole.subarray(0, size)
          await disk.write(Buffer.concat([bytes, Buffer.alloc(zeros)]))
          const kept = entries.slice(0, bytes.filter((byte) => byte === NEWLINE).length)
          await expectRepairable(disk, kept, true)
        },
      ),
      { numRuns: 50 },
    )
  })

  test('is not touched by reading it, nor by an append that is refused', async () => {
    const entries = someEntries(2)
    const disk = await journalOnDisk()
    const torn = linesOf(entries).subarray(0, -5)
    await disk.write(torn)
    const store = disk.open()
    await collect(store.read('r1'))
    await store.rollouts()
    await expect(store.append('r1', 2, [])).rejects.toMatchObject({ code: 'CHANGEOVER_CONFLICT' })
    expect(await disk.read()).toStrictEqual(torn)
  })

  test('may be read while it is repaired and written on', async () => {
    const disk = await journalOnDisk()
    const { created, next } = journalMaker('r1')
    const first = created()
    const more = next({ type: 'noticed', message: 'b'.repeat(200_000) })
    await disk.write(Buffer.concat([linesOf([first]), Buffer.alloc(300_000, 'a')]))
    const store = disk.open()
    const found: Entry[] = []
    for await (const entry of store.read('r1')) {
      found.push(entry)
      if (entry.seq === 0) await disk.open().append('r1', 1, [more])
    }
    expect(found).toStrictEqual(asJson([first, more]))
  })
})

describe('a damaged journal', () => {
  test('is refused with the entry and its offset, and nothing is overwritten', async () => {
    const entries = someEntries(4)
    const whole = linesOf(entries)
    const disk = await journalOnDisk()
    const byte = fc.nat({ max: whole.length - 2 })
    await fc.assert(
      fc.asyncProperty(byte, fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const damaged = Buffer.from(whole)
        damaged[at]! ^= mask
        await disk.write(damaged)
        const seq = whole.subarray(0, at).filter((byte) => byte === NEWLINE).length
        const offset = linesOf(entries.slice(0, seq)).length
        await expectRefused(disk, entries.slice(0, seq), { seq, offset, path: disk.path })
        expect(await disk.read()).toStrictEqual(damaged)
      }),
      { numRuns: 150 },
    )
  })

  test.each([
    ['text', 'hello'],
    ['null', 'null'],
    ['another object', '{"seq":0}'],
    ['a line of zeros', '\0'.repeat(64)],
    ['nothing', ''],
  ])('is refused where a whole line holds %s', async (_, line) => {
    const disk = await journalOnDisk()
    const entries = someEntries(2)
    await disk.write(Buffer.concat([linesOf(entries), Buffer.from(`${line}\n`)]))
    const offset = linesOf(entries).length
    await expectRefused(disk, entries, { seq: 2, offset, path: disk.path })
    await expect(disk.open().rollouts()).rejects.toMatchObject({
      code: 'CHANGEOVER_JOURNAL_CORRUPT',
      details: { seq: 2, offset },
    })
  })

  test('is refused where it is the journal of another rollout', async () => {
    const disk = await journalOnDisk()
    await disk.write(linesOf([journalMaker('r2').created()]))
    await expect(collect(disk.open().read('r1'))).rejects.toThrow('it belongs to rollout "r2"')
  })
})

interface JournalOnDisk {
  readonly path: string
  readonly warnings: object[]
  /** A store that has not seen the file yet. */
  readonly open: () => ReturnType<typeof fileStore>
  readonly write: (bytes: Uint8Array) => Promise<void>
  readonly read: () => Promise<Buffer>
}

async function journalOnDisk(): Promise<JournalOnDisk> {
  const directory = await temporaryFolder()
  const path = join(directory, 'rollouts', 'r1.jsonl')
  await mkdir(join(directory, 'rollouts'))
  const warnings: object[] = []
  const logger = { warn: (details: object) => void warnings.push(details) }
  return {
    path,
    warnings,
    open: () => fileStore({ directory, logger }),
    write: (bytes) => writeFile(path, bytes),
    read: () => readFile(path),
  }
}

function someEntries(count: number): Entry[] {
  const { created, ready } = journalMaker('r1')
  return [created(), ...ready(count - 1)]
}

function linesOf(entries: readonly Entry[]): Buffer {
  return Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
}

/** `kept` is what the journal holds, and it can be written on, with a warning where a tail was torn. */
async function expectRepairable(
  { open, read, warnings }: JournalOnDisk,
  kept: readonly Entry[],
  torn: boolean,
): Promise<void> {
  await using store = open()
  expect(await collect(store.read('r1'))).toStrictEqual(asJson(kept))
  const [more] = journalMaker('r1', kept.at(-1)).ready(1)
  warnings.length = 0
  await store.append('r1', kept.length, [more!])
  expect(await read()).toStrictEqual(linesOf([...kept, more!]))
  expect(warnings).toHaveLength(torn ? 1 : 0)
}

async function expectRefused(
  { open }: JournalOnDisk,
  intact: readonly Entry[],
  details: { seq: number; offset: number; path: string },
): Promise<void> {
  await using store = open()
  const refusal = { code: 'CHANGEOVER_JOURNAL_CORRUPT', details: { rollout: 'r1', ...details } }
  const found: Entry[] = []
  const reading = (async () => {
    for await (const entry of store.read('r1')) found.push(entry)
  })()
  await expect(reading).rejects.toMatchObject(refusal)
  expect(found).toStrictEqual(asJson(intact))
  const [more] = journalMaker('r1', intact.at(-1)).ready(1)
  await expect(store.append('r1', intact.length, [more!])).rejects.toMatchObject(refusal)
}
