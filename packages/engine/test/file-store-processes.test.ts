import { type Entry, fileStore } from '@changeover/engine'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { startChild } from './child.ts'
import { asJson, collect, journalMaker, temporaryFolder } from './journal-maker.ts'

let directory: string

beforeEach(async () => {
  directory = await temporaryFolder()
})

describe('across processes', () => {
  test('every acknowledged entry survives kill -9, twenty times over', async () => {
    let acknowledged = -1
    for (let round = 0; round < 20; round += 1) {
      const child = startChild('store-worker.mjs', 'loop', directory, `round${round}`)
      await child.printed(2 + (round % 7))
      await delay(round % 4)
      child.process.kill('SIGKILL')
      expect(await child.ended).toMatchObject({ signal: 'SIGKILL' })
      const [, ...seqs] = child.lines.map(Number)
      expect(seqs[0], 'it goes on behind what was acknowledged').toBeGreaterThan(acknowledged)
      acknowledged = seqs.at(-1)!
      const entries = await collect(fileStore({ directory }).read('shared'))
      expect(entries.length).toBeGreaterThan(acknowledged)
    }
    expect(acknowledged).toBeGreaterThan(40)
  })

  test('two processes that append to one journal make one serial history without a loss', async () => {
    const workers = ['a', 'b'].map((name) =>
      startChild('store-worker.mjs', 'share', directory, name, '100'),
    )
    for (const worker of workers) await worker.printed(1)
    for (const worker of workers) worker.process.stdin.write('go\n')
    for (const worker of workers) expect(await worker.ended).toMatchObject({ code: 0 })
    const ids = (await collect(fileStore({ directory }).read('shared'))).map(idOf)
    const expected = (name: string) => Array.from({ length: 100 }, (_, n) => `${name}-${n}`)
    expect(ids).toHaveLength(200)
    expect(ids.filter((id) => id.startsWith('a'))).toStrictEqual(expected('a'))
    expect(ids.filter((id) => id.startsWith('b'))).toStrictEqual(expected('b'))
  })

  test('of two processes that ask for one lease, one gets it', async () => {
    const rounds = 15
    const workers = ['a', 'b'].map((name) =>
      startChild('store-worker.mjs', 'lease', directory, name, String(rounds)),
    )
    for (let round = 0; round < rounds; round += 1) {
      for (const worker of workers) await worker.printed(1 + round)
      for (const worker of workers) worker.process.stdin.write('go\n')
    }
    for (const worker of workers) expect(await worker.ended).toMatchObject({ code: 0 })
    for (let round = 1; round <= rounds; round += 1) {
      const answers = workers.map(({ lines }) => lines[round])
      expect(new Set(answers)).toStrictEqual(new Set(['1', 'CHANGEOVER_LEASE_HELD']))
    }
  })

  test('a store sees what another one wrote, and appends behind it', async () => {
    const { created, ready } = journalMaker('r1')
    const [one, two] = [open(), open()]
    const entries = [created(), ...ready(3)]
    await one.append('r1', 0, entries.slice(0, 1))
    await two.append('r1', 1, entries.slice(1, 2))
    await one.append('r1', 2, entries.slice(2, 3))
    await two.append('r1', 3, entries.slice(3, 4))
    expect(await collect(one.read('r1'))).toStrictEqual(asJson(entries))
  })
})

function open(): ReturnType<typeof fileStore> {
  return fileStore({ directory })
}

function idOf(entry: Entry): string {
  return entry.type === 'ready' ? entry.id : entry.type
}
