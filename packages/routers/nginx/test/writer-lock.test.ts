import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { takeLock } from '../src/writer-lock.ts'

it('of many that find the lock of a dead writer, one at a time has it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-lock-'))
  const path = join(directory, 'shop.lock')
  const times = { waitMs: 10_000, pausedMs: 60_000 }
  let [holders, most, taken] = [0, 0, 0]
  const take = async (): Promise<void> => {
    const lock = await takeLock(path, times)
    if (!lock) return
    taken += 1
    holders += 1
    most = Math.max(most, holders)
    for (let i = 0; i < 20; i += 1) await turn()
    holders -= 1
    await lock.release()
  }
  for (let round = 0; round < 20; round += 1) {
    writeFileSync(path, JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1', token: 'gone' }))
    await Promise.all(Array.from({ length: 5 }, take))
  }
  expect(taken).toBe(100)
  expect(most).toBe(1)
  rmSync(directory, { recursive: true })
})
