import { ChangeoverError, type Release } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { processFleet } from '../src/index.ts'
import { createMark, requestOf, temporaryDirectory, testFleet } from './fleet-under-test.ts'

function refusalOf(call: () => unknown): ChangeoverError {
  try {
    call()
  } catch (error) {
    if (error instanceof ChangeoverError) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('an option that cannot work is refused by name, with its value and a remedy', () => {
  test.each<[options: Record<string, unknown>, message: RegExp]>([
    [{ directory: '' }, /"directory" was refused: .* \(got \)/],
    [{ orphans: 'kill' }, /"orphans" was refused: .*\(got kill\).*Say 'stop', or 'keep'/],
    [{ orphans: 'keep' }, /"directory" was refused: orphans: 'keep' needs a directory/],
    [{ ports: { from: 0, to: 10 } }, /"ports\.from" was refused: .*\(got 0\).*whole numbers/],
    [{ ports: { from: 20, to: 10 } }, /"ports" was refused: the span is empty/],
    [{ ports: { from: 20_000 } }, /"ports\.to" was refused: .*\(got nothing\)/],
    [{ host: '' }, /"host" was refused/],
    [{ keepLines: 0 }, /"keepLines" was refused: .*\(got 0\).*from 1 to 1000/],
    [{ keepLines: 1.5 }, /"keepLines" was refused/],
    [{ stopSignal: 'SIGKILL' }, /"stopSignal" was refused: .*\(got SIGKILL\).*'SIGTERM'/],
    [{ stopSignal: 'TERM' }, /"stopSignal" was refused/],
    [{ stopDeadline: 'soon' }, /"stopDeadline" is not a duration: soon/],
    [{ logs: { keep: 3 } }, /"directory" was refused: logs are kept in a directory/],
    [{ directory: '/x', logs: { maxSize: 'big' } }, /"logs\.maxSize" was refused.*\(got big\)/],
    [{ directory: '/x', logs: { maxSize: 10 } }, /"logs\.maxSize" was refused.*from 1 kB on/],
    [{ directory: '/x', logs: { keep: -1 } }, /"logs\.keep" was refused: .*\(got -1\)/],
    [{ directory: '/x', logs: { keepEnded: 1.5 } }, /"logs\.keepEnded" was refused/],
    [{ directory: '/x', logs: { size: 1 } }, /"logs\.size" was refused: there is no such option/],
    [{ logger: console.log }, /"logger" was refused: not a pino logger/],
    [{ directroy: '/var/lib' }, /"directroy" was refused.*Known options: directory, orphans/],
  ])('%j', (options, message) => {
    const error = refusalOf(() => processFleet(options))

    expect(error.message).toMatch(message)
    expect(error.code).toMatch(/^CHANGEOVER_(OPTION|DURATION)_INVALID$/)
  })
})

describe('a spec that cannot work is refused by name, with its value and a remedy', () => {
  const command = ['node', 'server.js']

  const table: [spec: unknown, message: RegExp][] = [
    [undefined, /"spec" was refused: .*\(got nothing\).*Give spec as \{ command/],
    [{}, /"spec\.command" was refused: .*\(got nothing\).*No shell is used/],
    [{ command: 'node server.js' }, /"spec\.command" was refused: .*\(got node server\.js\)/],
    [{ command: [] }, /"spec\.command.*" was refused/],
    [{ command: [''] }, /"spec\.command\.0" was refused/],
    [{ command: ['node', 7] }, /"spec\.command\.1" was refused: .*\(got 7\)/],
    [{ command: ['node', 'a\0b'] }, /"spec\.command\.1" was refused: holds a NUL character/],
    [{ command, cwd: 7 }, /"spec\.cwd" was refused: .*\(got 7\).*Name a directory/],
    [{ command, env: { KEY: 7 } }, /"spec\.env\.KEY" was refused: .*\(got \(hidden\)\)/],
    [{ command, env: { PORT: '80' } }, /"spec\.env\.PORT" was refused.*PORT, HOST and CHANGEOVER/],
    [{ command, env: { CHANGEOVER_TOKEN: 'x' } }, /"spec\.env\.CHANGEOVER_TOKEN" was refused/],
    [{ command, env: { 'A=B': 'x' } }, /"spec\.env\.A=B" was refused/],
    [
      { command, inherit: ['NO_SUCH'] },
      /"spec\.inherit\.0" was refused: not set .*\(got NO_SUCH\)/,
    ],
    [
      { command, inherit: ['PATH'], env: { PATH: '' } },
      /"spec\.inherit".*"PATH" is in env as well/,
    ],
    [{ command, shell: true }, /"spec\.shell" was refused: .*\(got true\)/],
  ]

  test.each(table)('%j', async (spec, message) => {
    const fleet = testFleet()
    const request = requestOf('server', createMark())
    const release: Release = { ...request.release, spec }

    const error = refusalOf(() => fleet.check(release))

    expect(error.message).toMatch(message)
    expect(error.code).toBe('CHANGEOVER_OPTION_INVALID')
    await expect(fleet.launch({ ...request, release })).rejects.toMatchObject({
      message: error.message,
    })
  })

  test('a good one passes', () => {
    const { release } = requestOf('server', createMark(), { inherit: ['PATH'] })

    expect(() => testFleet().check(release)).not.toThrow()
  })
})

describe('a closed fleet', () => {
  test('refuses everything, and closes again with the same promise', async () => {
    const fleet = testFleet({ directory: temporaryDirectory() })
    const request = requestOf('server', createMark())
    const instance = await fleet.launch(request)
    const closing = fleet.close()

    expect(fleet.close()).toBe(closing)
    expect(fleet[Symbol.asyncDispose]()).toBe(closing)
    for (const call of [
      () => fleet.open(),
      () => fleet.launch(request),
      () => fleet.probe(instance),
      () => fleet.stop(instance, { deadline: 1 }),
      () => fleet.list('shop'),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'CHANGEOVER_PROCESS_FLEET_CLOSED' })
    }
    await closing
  })

  test('leaves nothing of a launch that was under way, nor of instances that ignore SIGTERM', async () => {
    const fleet = testFleet({ stopDeadline: '300ms' })
    const mark = createMark()
    const launching = ['a', 'b'].map((id) => fleet.launch(requestOf('stubborn', mark, { id })))

    await fleet.close()

    expect(mark.processes()).toEqual([])
    expect(await Promise.allSettled(launching)).toEqual([
      expect.objectContaining({ status: 'fulfilled' }),
      expect.objectContaining({ status: 'fulfilled' }),
    ])
  })

  test('that was never used starts nothing', async () => {
    await expect(processFleet().close()).resolves.toBeUndefined()
  })
})
