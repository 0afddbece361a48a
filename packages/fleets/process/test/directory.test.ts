import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { takeOwnership } from '../src/owner-lock.ts'
import {
  createMark,
  eventually,
  requestOf,
  temporaryDirectory,
  testFleet,
} from './fleet-under-test.ts'
import { startOwner } from './owner-under-test.ts'

test('a directory that is made is for its owner alone, whatever the process allows others', async () => {
  const directory = join(temporaryDirectory(), 'fleet')
  const before = process.umask(0)
  try {
    await createFleetAndClose(directory)
  } finally {
    process.umask(before)
  }
  expect(statSync(directory).mode & 0o777).toBe(0o700)
})

interface EditableRecord {
  process?: { pid: number; startTime: string }
  token: string
}

async function createFleetAndClose(directory: string): Promise<void> {
  const fleet = testFleet({ directory })
  await fleet.open()
  await fleet.close()
}

function startSleeper(env: Record<string, string>, stdout: 'ignore' | number): ChildProcess {
  return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    env,
    stdio: ['ignore', stdout, 'ignore'],
  })
}

function editRecord(directory: string, edit: (record: EditableRecord) => void): EditableRecord {
  const path = join(directory, 'instances', 'shop-1.json')
  const record = JSON.parse(readFileSync(path, 'utf8')) as EditableRecord
  edit(record)
  writeFileSync(path, JSON.stringify(record))
  return record
}

describe('a directory', () => {
  test('is refused while its owner lives, by the pid of the owner', async () => {
    const directory = temporaryDirectory()
    const owner = await startOwner({
      fleet: { directory },
      request: requestOf('server', createMark()),
      end: 'wait',
    })

    await expect(testFleet({ directory }).open()).rejects.toMatchObject({
      code: 'CHANGEOVER_PROCESS_DIRECTORY_OWNED',
      message: expect.stringContaining(`process ${owner.pid} owns it`) as string,
      details: { directory, pid: owner.pid },
    })
  })

  test('is refused to a second fleet of the same process, until the first is closed', async () => {
    const directory = temporaryDirectory()
    const first = testFleet({ directory })
    await first.open()
    const second = testFleet({ directory })
    await expect(second.list('shop')).rejects.toMatchObject({
      code: 'CHANGEOVER_PROCESS_DIRECTORY_OWNED',
    })

    await first.close()

    expect(await second.list('shop')).toEqual([])
  })

  test('goes to exactly one of many that want it when its owner died', async () => {
    const directory = temporaryDirectory()
    writeFileSync(
      join(directory, 'owner-7.json'),
      JSON.stringify({ owner: { pid: process.pid, startTime: 'another' } }),
    )

    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, () => takeOwnership(directory)),
    )

    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(readdirSync(directory)).toEqual(['owner-8.json'])
  })

  test('that cannot be made is refused', async () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')

    await expect(testFleet({ directory: join(file, 'state') }).open()).rejects.toMatchObject({
      code: 'CHANGEOVER_OPTION_INVALID',
      message: expect.stringMatching(/"directory" was refused: ENOTDIR/) as string,
    })
  })

  test('holds no file of an instance that has ended', async () => {
    const directory = temporaryDirectory()
    const fleet = testFleet({ directory })
    const mark = createMark()
    const instance = await fleet.launch(requestOf('server', mark))
    expect(readdirSync(join(directory, 'instances'))).toEqual(['shop-1.json'])

    await fleet.stop(instance, { deadline: 10_000 })

    expect(readdirSync(join(directory, 'instances'))).toEqual([])
  })

  test.each(['owner-1.json', join('instances', 'shop-1.json')])(
    'in which %s cannot be read is refused, and left as it is',
    async (file) => {
      const directory = temporaryDirectory()
      await createFleetAndClose(directory)
      const path = join(directory, file)
      writeFileSync(path, '{"id":"shop-1"')

      await expect(testFleet({ directory }).open()).rejects.toMatchObject({
        code: 'CHANGEOVER_PROCESS_STATE_UNREADABLE',
        message: expect.stringContaining(path) as string,
        details: { path },
      })
      expect(readFileSync(path, 'utf8')).toBe('{"id":"shop-1"')
    },
  )
})

describe('an instance file', () => {
  test('with the pid of a process that is not the one it tells of leads to no process', async () => {
    const directory = temporaryDirectory()
    const mark = createMark()
    const owner = await startOwner({
      fleet: { directory, orphans: 'keep' },
      request: requestOf('server', mark),
      end: 'exit',
    })
    await owner.exited
    const log = join(directory, 'logs', 'shop', `${owner.instance.id}.log`)
    await eventually('its first line', () => readFileSync(log, 'utf8').includes('listening'))
    const bystanders = mark.processes()
    editRecord(directory, (record) => {
      record.process = { pid: record.process?.pid ?? 0, startTime: 'another' }
      record.token = 'of nobody'
    })
    const fleet = testFleet({ directory, orphans: 'keep' })

    expect(await fleet.list('shop')).toEqual([])

    expect(await fleet.stop(owner.instance, { deadline: 0 })).toMatchObject({ graceful: true })
    expect(await fleet.probe(owner.instance)).toMatchObject({ exited: true, output: 'listening' })
    await fleet.close()
    expect(bystanders).toHaveLength(1)
    expect(mark.processes()).toEqual(bystanders)
  })

  test('of a launch that its owner did not live to complete leads to what was started', async () => {
    const directory = temporaryDirectory()
    const mark = createMark()
    const owner = await startOwner({
      fleet: { directory, orphans: 'keep' },
      request: requestOf('server', mark),
      end: 'exit',
    })
    await owner.exited
    editRecord(directory, (record) => delete record.process)
    const bystander = startSleeper({ TEST_MARK: mark.value, CHANGEOVER_TOKEN: 'another' }, 'ignore')
    // Stands for a forked child that has not become its command yet: it has the log, but no token.
    const log = openSync(join(directory, 'logs', 'shop', 'shop-1.log'), 'a')
    startSleeper({ TEST_MARK: mark.value }, log)
    closeSync(log)
    expect(mark.processes()).toHaveLength(3)
    const fleet = testFleet({ directory, orphans: 'keep' })

    await fleet.open()

    expect(mark.processes().map(({ pid }) => pid)).toEqual([bystander.pid])
    expect(await fleet.list('shop')).toEqual([])
    expect(readdirSync(join(directory, 'instances'))).toEqual([])
  })
})
