import { expect, test } from 'vitest'
import { taskGroup } from '../src/task-group.ts'

const never = new AbortController().signal

test('settles when the last task has ended, those that tasks started too', async () => {
  const group = taskGroup(never)
  const done: string[] = []
  group.run(async () => {
    await turn()
    done.push('outer')
    group.run(async () => {
      await turn()
      done.push('inner')
    })
  })
  group.signal.addEventListener('abort', () => done.push('over'))
  await group.settle()
  // Node would keep a signal with listeners for as long as it has not aborted.
  expect(done).toStrictEqual(['outer', 'inner', 'over'])
})

test('the first failure aborts the others, and nobody leaves before the last has ended', async () => {
  const group = taskGroup(never)
  const failure = new Error('first')
  const order: string[] = []
  group.run(async () => {
    await aborted(group.signal)
    await turn()
    order.push('other ended')
  })
  group.run(() => Promise.reject(failure))
  group.run(async () => {
    await aborted(group.signal)
    throw new Error('second')
  })
  const settled = group.settle().catch((error: unknown) => {
    order.push('settled')
    return error
  })
  expect(await settled).toBe(failure)
  expect(order).toStrictEqual(['other ended', 'settled'])
  expect(group.signal.reason).toBe(failure)
})

test('a race ends with what it waits for, or at once with the first failure', async () => {
  const group = taskGroup(never)
  await group.race(Promise.resolve())
  const racing = group.race(new Promise(() => undefined))
  group.run(() => Promise.reject(new Error('lost')))
  await expect(racing).rejects.toThrow('lost')
  await expect(group.race(new Promise(() => undefined))).rejects.toThrow('lost')
})

test('cancelling gives the reason to every task, waits for the last and does not throw', async () => {
  const group = taskGroup(never)
  const reason = new Error('given up')
  const told: unknown[] = []
  for (const name of ['a', 'b']) {
    group.run(async () => {
      told.push(await aborted(group.signal))
      await turn()
      told.push(name)
      throw new Error('on the way out')
    })
  }
  await group.cancel(reason)
  expect(told).toStrictEqual([reason, reason, 'a', 'b'])
  await expect(group.settle()).rejects.toBe(reason)
})

test('ends with its parent, also where that had ended before', async () => {
  const parent = new AbortController()
  const group = taskGroup(parent.signal)
  const racing = group.race(new Promise(() => undefined))
  const reason = new Error('closed')
  parent.abort(reason)
  await expect(racing).rejects.toBe(reason)
  await expect(group.settle()).rejects.toBe(reason)
  const late = taskGroup(parent.signal)
  expect(late.signal.aborted).toBe(true)
  await expect(late.race(new Promise(() => undefined))).rejects.toBe(reason)
})

test('a failure that nobody waits for does not end the process', async () => {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', note)
  taskGroup(never).run(() => Promise.reject(new Error('nobody listens')))
  await turn()
  await turn()
  process.off('unhandledRejection', note)
  expect(unhandled).toStrictEqual([])
})

test('a thousand tasks listen to one signal without a warning', async () => {
  const warnings: Error[] = []
  const note = (warning: Error): void => void warnings.push(warning)
  process.on('warning', note)
  const group = taskGroup(never)
  for (let n = 0; n < 1_000; n += 1) {
    group.run(async () => {
      await aborted(group.signal)
    })
  }
  await group.cancel(new Error('enough'))
  await turn()
  process.off('warning', note)
  expect(warnings).toStrictEqual([])
})

/** The reason, once `signal` has aborted. */
function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true })
  })
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
