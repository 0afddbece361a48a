import { systemClock } from '@changeover/engine'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { readdir, readFile, readlink, symlink, unlink, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { encodeHolder, isDead, type LockHolder, newHolder } from '../src/file-lock-holder.ts'
import { withFileLock } from '../src/file-lock.ts'
import { startChild } from './child.ts'
import { temporaryFolder } from './journal-maker.ts'

const clock = systemClock()
const patient = { clock, waitMs: 20_000 }
const impatient = { clock, waitMs: 50 }

let folder: string
let lock: string

beforeEach(async () => {
  folder = await temporaryFolder()
  lock = join(folder, 'journal.lock')
})

/** A holder of this machine that has ended: its process id has been given to another process, this one. */
function deadHolder(): LockHolder {
  return { ...newHolder(), started: '1' }
}

describe('a lock', () => {
  test('is there while the work runs, and gone when it has ended or failed', async () => {
    const during = await withFileLock(lock, () => readdir(folder), patient)
    expect(during).toStrictEqual(['journal.lock'])
    const failing = withFileLock(lock, () => Promise.reject(new Error('disk')), patient)
    await expect(failing).rejects.toThrow('disk')
    expect(readdirSync(folder)).toStrictEqual([])
  })

  test('is refused when a living process keeps it, with that process and the remedy', async () => {
    await withFileLock(
      lock,
      async () => {
        const second = withFileLock(lock, () => Promise.resolve('both'), impatient)
        await expect(second).rejects.toMatchObject({
          code: 'CHANGEOVER_STORE_LOCKED',
          details: { path: lock, pid: process.pid },
          message: expect.stringContaining(`delete ${lock}`) as string,
        })
      },
      patient,
    )
  })

  test('can be waited for until a signal aborts, and is then left to its holder', async () => {
    const closing = new AbortController()
    await withFileLock(
      lock,
      async () => {
        const second = withFileLock(lock, () => Promise.resolve('both'), {
          ...patient,
          signal: closing.signal,
        })
        closing.abort(new Error('closing'))
        await expect(second).rejects.toThrow('closing')
        expect(readdirSync(folder)).toStrictEqual(['journal.lock'])
      },
      patient,
    )
  })
})

describe('the lock of a holder that ended', () => {
  test('is taken over after kill -9', async () => {
    const child = startChild('lock-holder.mjs', lock)
    await child.printed(1)
    await expect(withFileLock(lock, () => readdir(folder), impatient)).rejects.toMatchObject({
      code: 'CHANGEOVER_STORE_LOCKED',
      details: { pid: child.process.pid },
    })
    child.process.kill('SIGKILL')
    await child.ended
    expect(await withFileLock(lock, () => readdir(folder), impatient)).toStrictEqual([
      'journal.lock',
    ])
    expect(readdirSync(folder)).toStrictEqual([])
  })

  test('is taken over by one at a time, however many find it at once', async () => {
    const counter = join(folder, 'counter')
    await writeFile(counter, '0')
    for (let round = 1; round <= 2; round += 1) {
      await symlink(encodeHolder(deadHolder()), lock)
      const workers = Array.from({ length: 4 }, () =>
        startChild('lock-worker.mjs', lock, counter, '25'),
      )
      for (const worker of workers) expect(await worker.ended).toMatchObject({ code: 0 })
      expect(await readFile(counter, 'utf8')).toBe(String(round * 100))
    }
    expect(readdirSync(folder)).toStrictEqual(['counter'])
  })

  test('is taken over also when a process died while taking it over', async () => {
    const dead = deadHolder()
    await symlink(encodeHolder(dead), lock)
    await symlink(encodeHolder(deadHolder()), `${lock}.${dead.token}`)
    expect(await withFileLock(lock, () => readdir(folder), impatient)).toStrictEqual([
      'journal.lock',
    ])
    expect(readdirSync(folder)).toStrictEqual([])
  })

  test('is not taken from the one who took it over meanwhile', async () => {
    const dead = deadHolder()
    await symlink(encodeHolder(dead), lock)
    const next = encodeHolder(newHolder())
    const [late] = await withFileLock(
      `${lock}.${dead.token}`,
      async () => {
        const late = withFileLock(lock, () => Promise.resolve('late'), { clock, waitMs: 1_000 })
        await delay(20)
        await unlink(lock)
        await symlink(next, lock)
        return [Promise.allSettled([late])]
      },
      patient,
    )
    expect(await late).toMatchObject([{ reason: { code: 'CHANGEOVER_STORE_LOCKED' } }])
    expect(await readlink(lock)).toBe(next)
  })
})

describe('a holder', () => {
  test('is alive as long as its process is', () => {
    expect(isDead(newHolder())).toBe(false)
  })

  test('is dead when its process id belongs to a later process', () => {
    expect(isDead(deadHolder())).toBe(true)
  })

  test('is dead when the machine was started again since', () => {
    expect(isDead({ ...newHolder(), boot: 'before' })).toBe(true)
  })

  test.each<[where: string, change: Partial<LockHolder>]>([
    ['of another machine', { host: 'elsewhere', boot: 'other', started: '1' }],
    ['in another container', { pidSpace: 'pid:[1]', started: '1' }],
  ])('%s cannot be judged, so its lock is never taken over', async (_, change) => {
    const holder = { ...newHolder(), ...change }
    expect(isDead(holder)).toBe(false)
    await symlink(encodeHolder(holder), lock)
    await expect(withFileLock(lock, () => readdir(folder), impatient)).rejects.toMatchObject({
      code: 'CHANGEOVER_STORE_LOCKED',
      details: { host: holder.host },
    })
    expect(readdirSync(folder)).toStrictEqual(['journal.lock'])
  })

  test.runIf(process.platform === 'linux')(
    'is dead when it was killed, though its parent has not waited for it',
    async () => {
      const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'])
      onTestFinished(() => void parent.kill('SIGKILL'))
      const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
      const holder = { ...newHolder(), pid: Number(line), started: statOf(Number(line))[21]! }
      expect(isDead(holder)).toBe(false)
      process.kill(holder.pid, 'SIGKILL')
      await expect.poll(() => statOf(holder.pid)[2]).toBe('Z')
      expect(isDead(holder)).toBe(true)
    },
  )
})

/** The fields of `/proc/<pid>/stat`; `sleep` has no blank in its name. */
function statOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
}
