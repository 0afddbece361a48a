import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  commandNotifier,
  type CommandNotifierOptions,
  type NotifierMessage,
  type OpenNotifier,
} from '../src/index.ts'
import { createdBody, entryOf, finished, temporaryDirectory } from './journal-under-test.ts'

const context = { service: 'shop' }
const fixture = fileURLToPath(new URL('fixtures/command.mjs', import.meta.url))

function notifier(
  args: readonly string[],
  options: Partial<CommandNotifierOptions> = {},
): OpenNotifier {
  const made = commandNotifier({ command: [process.execPath, fixture, ...args], ...options })
  onTestFinished(() => made.close())
  return made
}

interface Told {
  readonly args: readonly string[]
  readonly env: Record<string, string>
  readonly message: NotifierMessage
}

function toldIn(file: string): Told {
  return JSON.parse(readFileSync(file, 'utf8')) as Told
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie that nobody reaps does not run.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([])
}

test('a command gets the message on its standard input, and a short environment', async () => {
  const file = join(temporaryDirectory(), 'told')
  process.env['NOTIFY_INHERITED'] = 'passed on'
  process.env['NOTIFY_OTHER'] = 'not for everyone'
  onTestFinished(() => {
    delete process.env['NOTIFY_INHERITED']
    delete process.env['NOTIFY_OTHER']
  })
  const options = { env: { COLOR: 'blue' }, inherit: ['NOTIFY_INHERITED'] }
  const entry = entryOf(createdBody('shop', { env: { KEY: 'spec-secret' } }))

  await notifier(['tell', file, '; touch no-shell'], options).notify(entry, context)

  const { args, env, message } = toldIn(file)
  expect(args).toEqual(['; touch no-shell'])
  expect(message).toMatchObject({ id: 'r-1:0', service: 'shop', entry: { type: 'created' } })
  expect(JSON.stringify(message)).not.toContain('spec-secret')
  expect(env).toEqual({
    PATH: process.env['PATH'],
    COLOR: 'blue',
    NOTIFY_INHERITED: 'passed on',
    CHANGEOVER_ID: 'r-1:0',
    CHANGEOVER_SERVICE: 'shop',
    CHANGEOVER_ROLLOUT: 'r-1',
    CHANGEOVER_EVENT: 'created',
  })
})

test('a command is not run for what nobody asked for', async () => {
  const file = join(temporaryDirectory(), 'told')
  const one = notifier(['tell', file], { events: ['turned-back'] })

  await one.notify(entryOf(finished), context)

  expect(existsSync(file)).toBe(false)
})

test('a command that reads nothing, of a message larger than a pipe, is no failure', async () => {
  const reason = 'x'.repeat(1_000_000)
  const entry = entryOf({ type: 'held', gate: 'go', reason })

  await expect(notifier(['ignore']).notify(entry, context)).resolves.toBeUndefined()
})

describe('a command that fails is told', () => {
  test('by its exit code; the end of what it printed is in the log, and not in the error', async () => {
    const lines: { msg: string; output?: string }[] = []
    const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as never) })
    const failing = notifier(['fail'], { logger })

    await expect(failing.notify(entryOf(finished), context)).rejects.toMatchObject({
      code: 'CHANGEOVER_NOTIFIER_COMMAND_FAILED',
      message: expect.stringMatching(/for "r-1:0" exited with code 3/) as string,
    })

    expect(lines.map(({ msg }) => msg)).toEqual(['a command exited with code 3'])
    expect(lines[0]?.output).toHaveLength(4096)
    expect(lines[0]?.output).toMatch(/no such room\n$/)
  })

  test('where it cannot be run', async () => {
    const missing = commandNotifier({ command: ['/no/such/file'] })

    await expect(missing.notify(entryOf(finished), context)).rejects.toMatchObject({
      code: 'CHANGEOVER_NOTIFIER_COMMAND_FAILED',
      message: expect.stringContaining('could not be run: spawn /no/such/file ENOENT') as string,
    })
  })

  test('when it runs too long, and is killed with what it started', async () => {
    const file = join(temporaryDirectory(), 'pids')
    const hanging = notifier(['hang', file], { timeout: '2s' })

    await expect(hanging.notify(entryOf(finished), context)).rejects.toThrow(
      /was killed: it ran for more than 2000 ms/,
    )

    await gone(JSON.parse(readFileSync(file, 'utf8')) as number[])
  })

  test('when its notifier is closed, and is killed', async () => {
    const file = join(temporaryDirectory(), 'pids')
    const hanging = notifier(['hang', file])
    const telling = hanging.notify(entryOf(finished), context)
    telling.catch(() => undefined)
    while (!existsSync(file)) await sleep(20)

    await hanging.close()

    await expect(telling).rejects.toMatchObject({ code: 'CHANGEOVER_NOTIFIER_CLOSED' })
    await gone(JSON.parse(readFileSync(file, 'utf8')) as number[])
  })
})

test('what a command leaves running ends with it, and holds nobody up', async () => {
  const file = join(temporaryDirectory(), 'pids')

  await notifier(['leave', file]).notify(entryOf(finished), context)

  expect(existsSync(file)).toBe(true)
  await gone(JSON.parse(readFileSync(file, 'utf8')) as number[])
})

describe('an option that cannot work is refused by name', () => {
  const command = ['tell']
  test.each<[Record<string, unknown>, RegExp]>([
    [{}, /"command" was refused/],
    [{ command: 'tell' }, /"command" was refused: .*No shell is used/],
    [{ command: [] }, /"command.*" was refused/],
    [{ command: [''] }, /"command\.0" was refused/],
    [{ command, timeout: 0 }, /"timeout" was refused: it is 0/],
    [{ command, env: { KEY: 7 } }, /"env\.KEY" was refused: .*\(got \(hidden\)\)/],
    [{ command, env: { CHANGEOVER_ID: 'x' } }, /"env\.CHANGEOVER_ID" was refused/],
    [{ command, inherit: ['NO_SUCH'] }, /"inherit" was refused: it is not set .*NO_SUCH/],
    [{ command, events: 'some' }, /"events" was refused/],
    [{ command, shell: true }, /"shell" was refused: there is no such option/],
  ])('%j', (options, message) => {
    expect(() => commandNotifier(options as unknown as CommandNotifierOptions)).toThrow(message)
  })
})
