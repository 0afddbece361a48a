import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Instance } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { rotateLog } from '../src/log-rotation.ts'
import type { ProcessFleet } from '../src/index.ts'
import {
  createMark,
  eventually,
  fixturePath,
  printed,
  requestOf,
  temporaryDirectory,
  testFleet,
} from './fleet-under-test.ts'
import { startOwner } from './owner-under-test.ts'

function namesIn(directory: string): readonly string[] {
  return readdirSync(join(directory, 'logs', 'shop')).toSorted()
}

async function numbersIn(fleet: ProcessFleet, { service, id }: Instance): Promise<number[]> {
  const text = await fleet.logs(service, id, { lines: 10_000 })
  return text.split('\n').map((line) => Number(line.split(' ')[0]))
}

/** How many numbers are missing between the first and the last one; every one follows a smaller one. */
function missing(numbers: readonly number[]): number {
  const steps = numbers.slice(1).map((number, n) => number - (numbers[n] ?? 0))
  expect(Math.min(...steps)).toBe(1)
  return steps.reduce((sum, step) => sum + step - 1, 0)
}

describe('the log of an instance', () => {
  test('is moved away under its writer where it is large, and read as one over all files', async () => {
    const directory = temporaryDirectory()
    const fleet = testFleet({ directory, logs: { maxSize: '10kB', keep: 1 } })
    const request = requestOf('writer', createMark(), { args: ['1', 'on'] })
    const instance = await fleet.launch(request)

    await eventually('a second rotation', () => namesIn(directory).includes('shop-1.log.2'))

    expect(namesIn(directory).filter((name) => !name.endsWith('.tmp'))).toEqual([
      'shop-1.log',
      'shop-1.log.2',
    ])
    // Microseconds' worth of 200 lines a second: mostly none.
    expect(missing(await numbersIn(fleet, instance))).toBeLessThan(20)
    expect((await fleet.logs('shop', 'shop-1', { lines: 3 })).split('\n')).toHaveLength(3)
  })

  test('is rotated by the next owner, where its own was killed', async () => {
    const directory = temporaryDirectory()
    const options = { directory, orphans: 'keep', logs: { maxSize: '10kB', keep: 9 } } as const
    const request = requestOf('writer', createMark(), { args: ['1', 'on'] })
    const owner = await startOwner({ fleet: options, request, end: 'wait' })
    await eventually('a rotation', () => namesIn(directory).includes('shop-1.log.1'))
    owner.kill('SIGKILL')
    await owner.exited
    const log = join(directory, 'logs', 'shop', 'shop-1.log')
    await eventually('growth with no owner', () => statSync(log).size > 12_000)
    const fleet = testFleet(options)

    await fleet.open()

    await eventually('what it found moved away', () => statSync(log).size < 10_000)
    const { length } = namesIn(directory)
    expect(length).toBeGreaterThanOrEqual(3)
    await eventually('another one', () => namesIn(directory).length > length)
    expect(missing(await numbersIn(fleet, owner.instance))).toBeLessThan(20)
    await fleet.stop(owner.instance, { deadline: 0 })
  })

  test('goes into reports even where it was moved away a moment ago', async () => {
    const directory = temporaryDirectory()
    const fleet = testFleet({ directory, logs: { maxSize: '5kB', keep: 1 } })
    const instance = await fleet.launch(requestOf('writer', createMark(), { args: ['60'] }))
    await eventually('a rotation', () => namesIn(directory).includes('shop-1.log.1'))

    const { output = '' } = await fleet.stop(instance, { deadline: 5000 })

    expect(output.split('\n').map((line) => Number(line.split(' ')[0]))).toEqual(
      Array.from({ length: 50 }, (_, n) => n + 11),
    )
  })

  test('of an earlier run under the same id is kept, but is not told as the output of the new one', async () => {
    const directory = temporaryDirectory()
    const fleet = testFleet({ directory })
    const mark = createMark()
    const first = await fleet.launch(requestOf('crash', mark, { args: ['0'] }))
    await eventually('its end', async () => (await fleet.probe(first)).exited)

    const second = await fleet.launch(requestOf('writer', mark, { args: ['1'] }))
    await printed(fleet, second.id, '1 ...')

    expect((await fleet.probe(second)).output).toMatch(/^1 \.+$/)
    const log = await fleet.logs('shop', 'shop-1')
    expect(log).toMatch(/^connecting\nfatal: no configuration\n1 \.+$/)
    expect(namesIn(directory)).toEqual(['shop-1.log', 'shop-1.log.1'])
  })

  test('without a directory is what is kept in memory', async () => {
    const fleet = testFleet()
    const running = await fleet.launch(requestOf('writer', createMark(), { args: ['5'] }))
    const ended = await fleet.launch(requestOf('crash', createMark(), { id: 'shop-2' }))
    await printed(fleet, running.id, '5 ...')
    await eventually('its end', async () => (await fleet.probe(ended)).exited)

    expect(await fleet.logs('shop', 'shop-1', { lines: 2 })).toMatch(/^4 \.+\n5 \.+$/)
    expect(await fleet.logs('shop', 'shop-2')).toContain('fatal: no configuration')
    await expect(fleet.logs('store', 'shop-1')).rejects.toMatchObject({
      code: 'CHANGEOVER_PROCESS_INSTANCE_UNKNOWN',
    })
  })
})

describe('logs of ended instances', () => {
  test('stay for the youngest of each service, of which there may be as many as the option says', async () => {
    const directory = temporaryDirectory()
    const fleet = testFleet({ directory, logs: { keepEnded: 2 } })
    const mark = createMark()
    await fleet.launch(requestOf('writer', mark, { id: 'old-but-running', args: ['1'] }))
    for (const id of ['a', 'b', 'c', 'd']) {
      const instance = await fleet.launch(requestOf('crash', mark, { id }))
      await eventually('its end', async () => (await fleet.probe(instance)).exited)
    }

    expect(namesIn(directory)).toEqual(['c.log', 'd.log', 'old-but-running.log'])
    await expect(fleet.logs('shop', 'a')).rejects.toMatchObject({
      code: 'CHANGEOVER_PROCESS_INSTANCE_UNKNOWN',
    })
    expect(await fleet.logs('shop', 'd')).toContain('fatal: no configuration')
  })

  test('are tidied away when a directory is taken over, with what an owner before left half done', async () => {
    const directory = temporaryDirectory()
    const before = testFleet({ directory })
    for (const id of ['a', 'b']) {
      const instance = await before.launch(requestOf('crash', createMark(), { id }))
      await eventually('its end', async () => (await before.probe(instance)).exited)
    }
    await before.close()
    writeFileSync(join(directory, 'logs', 'shop', 'a.log.1'), 'older')
    writeFileSync(join(directory, 'logs', 'shop', 'a.log.tmp'), 'half a copy')

    await testFleet({ directory, logs: { keepEnded: 0 } }).open()

    expect(namesIn(directory)).toEqual([])
  })
})

describe('a request for logs', () => {
  test('of what is no instance is refused, and no name leads out of the directory', async () => {
    const fleet = testFleet({ directory: temporaryDirectory() })
    await fleet.launch(requestOf('writer', createMark(), { args: ['1'] }))

    for (const [service, id] of [
      ['shop', 'nobody'],
      ['shop', '../../instances/shop-1.json'],
      ['shop', '../shop/shop-1'],
      ['..', 'shop-1'],
      ['../instances', 'shop-1'],
      ['', 'shop-1'],
      ['shop', ''],
      ['shop', 'shop-1.log'],
      ['shop', 'x'.repeat(5000)],
      ['shop', 'shop-1\0'],
    ] as const) {
      await expect(fleet.logs(service, id), `${service} ${id}`).rejects.toMatchObject({
        code: 'CHANGEOVER_PROCESS_INSTANCE_UNKNOWN',
      })
    }
  })

  test.each([{ lines: 0 }, { lines: 10_001 }, { lines: 1.5 }, { rows: 1 }])(
    '%j is refused',
    async (wish) => {
      await expect(testFleet().logs('shop', 'shop-1', wish)).rejects.toMatchObject({
        code: 'CHANGEOVER_OPTION_INVALID',
      })
    },
  )
})

describe('a rotation', () => {
  test('that fails leaves the log as it was, and no half of a copy', async () => {
    const directory = temporaryDirectory()
    const log = join(directory, 'log')
    writeFileSync(log, 'all of it\n')
    const copy = { draft: join(directory, 'draft'), path: join(directory, 'no', 'such', 'folder') }

    await expect(rotateLog(log, copy)).rejects.toMatchObject({ code: 'ENOENT' })

    expect(readFileSync(log, 'utf8')).toBe('all of it\n')
    expect(readdirSync(directory)).toEqual(['log'])
  })

  const dropped = 'no room to keep a log: what was in it is dropped'
  test.skipIf(!canMount()).each([
    ['by its older files', '700', 60_000, { warnings: [], names: ['shop-1.log', 'shop-1.log.2'] }],
    ['by its content', '1300', 110_000, { warnings: [dropped, dropped], names: ['shop-1.log'] }],
  ])('makes room on a full disk %s, and does not end the owner', (_, lines, maxSize, told) => {
    const directory = temporaryDirectory()
    const request = requestOf('writer', createMark(), { args: [lines] })
    const orders = [directory, request, { maxSize, keep: 3 }].map((order) => JSON.stringify(order))
    const mount = `mount -t tmpfs -o size=200k tmpfs ${directory} && exec "$@"`

    const command = ['-rm', 'sh', '-c', mount, 'sh', process.execPath, fixturePath('full-disk')]
    const { stdout, stderr } = spawnSync(namespaces, [...command, ...orders], {
      encoding: 'utf8',
      timeout: 30_000,
      killSignal: 'SIGKILL',
    })

    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({ ...told, graceful: true })
  })
})

/** Of util-linux; elsewhere there is none. */
const namespaces = 'unshare'

/** Whether this user may have a small disk of its own. */
function canMount(): boolean {
  return spawnSync(namespaces, ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
}
