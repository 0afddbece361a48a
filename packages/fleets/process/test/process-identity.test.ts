import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { identify, isRunning, killGroup, sight, signalProcess } from '../src/process-identity.ts'
import { processesHolding, processesWith } from '../src/process-search.ts'
import { createMark, eventually, fixturePath, temporaryDirectory } from './fleet-under-test.ts'

function startSleeper(env: Record<string, string> = {}, detached = true) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    detached,
    env,
    stdio: 'ignore',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const identity = identify(child.pid ?? 0)
  if (identity === undefined) throw new Error('not started')
  return { child, identity, exited: once(child, 'exit') }
}

test('a process is known by pid and start time together', async () => {
  const { child, identity, exited } = startSleeper()

  expect(isRunning(identity)).toBe(true)
  expect(isRunning({ ...identity, startTime: 'another' })).toBe(false)
  child.kill('SIGKILL')
  await exited
  expect(isRunning(identity)).toBe(false)
  expect(identify(identity.pid)).toBeUndefined()
})

test('an ended process that nobody reaps does not run', async () => {
  const script = 'sleep 0 & exec sleep 60' // The shell becomes a sleep that never waits for its child.
  const child = spawn('sh', ['-c', `echo; ${script}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))

  const zombie = await eventually('a zombie', () => {
    for (let pid = child.pid ?? 0; pid < (child.pid ?? 0) + 50; pid++) {
      const seen = sight(pid)
      if (seen?.zombie === true) return seen
    }
    return undefined
  })

  expect(isRunning(zombie)).toBe(false)
})

test('a signal to a process whose pid is used by another one reaches nobody', async () => {
  const { identity, exited } = startSleeper()
  const namesake = { ...identity, startTime: 'another' }

  signalProcess(namesake, 'SIGKILL')
  killGroup(namesake)

  const ended = await Promise.race([exited.then(() => true), eventually('time', () => 'running')])
  expect(ended).toBe('running')
  expect(isRunning(identity)).toBe(true)
})

test('a group outlives its leader, and is killed by its number', async () => {
  const mark = createMark()
  const leader = spawn(process.execPath, [fixturePath('parent')], {
    detached: true,
    env: { TEST_MARK: mark.value },
    stdio: 'ignore',
  })
  const identity = identify(leader.pid ?? 0)
  if (identity === undefined) throw new Error('not started')
  await eventually('both processes', () => mark.processes().length === 2)
  leader.kill('SIGKILL')
  await once(leader, 'exit')
  expect(mark.processes()).toHaveLength(1)

  killGroup(identity)

  await eventually('nothing left', () => mark.processes().length === 0)
})

const hasLsof = spawnSync('lsof', ['-v']).error === undefined
const platforms = hasLsof ? (['linux', 'darwin'] as const) : (['linux'] as const)

test.each(platforms)('processes are found by the files that they have open, on %s', (platform) => {
  const path = join(temporaryDirectory(), 'log')
  const log = openSync(path, 'a')
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    stdio: ['ignore', log, 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  closeSync(log)

  expect(processesHolding([path, join(path, 'unused')], platform).map(({ pid }) => pid)).toEqual([
    child.pid,
  ])
  expect(processesHolding([`${path}.1`], platform)).toEqual([])
  expect(processesHolding([], platform)).toEqual([])
})

describe.each(['linux', 'darwin'] as const)('as seen on %s', (platform) => {
  test('processes are found by what their environment sets', async () => {
    const mark = createMark()
    const { identity } = startSleeper({ TEST_MARK: `${mark.value}.1` })
    startSleeper({ TEST_MARK: 'of another' })

    const pids = await eventually('the process', () => {
      const found = processesWith('TEST_MARK', [mark.value, 'unused'], platform)
      return found.length > 0 && found.map(({ pid }) => pid)
    })

    expect(pids).toEqual([identity.pid])
    expect(processesWith('TEST_MARK', [], platform)).toEqual([])
  })

  test('a process tells its group, its start and whether it has ended', () => {
    const { identity } = startSleeper()
    const { identity: member } = startSleeper({}, false)

    const seen = sight(identity.pid, platform)

    expect(seen).toMatchObject({ group: identity.pid, zombie: false })
    expect(sight(identity.pid, platform)?.startTime).toBe(seen?.startTime)
    expect(sight(member.pid, platform)?.group).not.toBe(member.pid)
    expect(sight(2 ** 22 + 1, platform)).toBeUndefined()
  })
})
