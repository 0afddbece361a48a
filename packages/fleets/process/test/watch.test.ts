import type { InstanceExit } from '@changeover/engine'
import { expect, test } from 'vitest'
import { createMark, eventually, requestOf, testFleet } from './fleet-under-test.ts'

test('an instance that ends by itself is told of at once, with exit code and output', async () => {
  const fleet = testFleet()
  const exits: InstanceExit[] = []
  fleet.watch('shop', (exit) => exits.push(exit))
  fleet.watch('other', () => expect.unreachable())

  await fleet.launch(requestOf('crash', createMark()))

  await eventually('an exit', () => exits.length > 0)
  expect(exits).toEqual([
    {
      instance: 'shop-1',
      service: 'shop',
      graceful: false,
      exitCode: 3,
      signal: null,
      output: expect.stringContaining('fatal: no configuration') as string,
    },
  ])
  expect(await fleet.list('shop')).toEqual([])
})

test('one that is killed by somebody else is told of with the signal', async () => {
  const fleet = testFleet()
  const mark = createMark()
  const exits: InstanceExit[] = []
  fleet.watch('shop', (exit) => exits.push(exit))
  await fleet.launch(requestOf('server', mark))

  mark.processes().forEach(({ pid }) => process.kill(pid, 'SIGKILL'))

  await eventually('an exit', () => exits.length > 0)
  expect(exits[0]).toMatchObject({ graceful: false, exitCode: null, signal: 'SIGKILL' })
})

test('an instance that was asked to stop is not told of, nor anything after unsubscribing', async () => {
  const fleet = testFleet()
  const mark = createMark()
  const told: string[] = []
  const heard: string[] = []
  fleet.watch('shop', ({ instance }) => heard.push(instance))
  const unsubscribe = fleet.watch('shop', ({ instance }) => told.push(instance))
  const stopped = await fleet.launch(requestOf('server', mark, { id: 'stopped' }))
  await fleet.stop(stopped, { deadline: 10_000 })

  unsubscribe()
  await fleet.launch(requestOf('crash', mark, { id: 'crashed' }))

  await eventually('an exit', () => heard.length > 0)
  expect(heard).toEqual(['crashed'])
  expect(told).toEqual([])
})

test('a listener that throws disturbs neither the owner nor the other listeners', async () => {
  const fleet = testFleet()
  const exits: InstanceExit[] = []
  fleet.watch('shop', () => {
    throw new Error('listener failed')
  })
  fleet.watch('shop', (exit) => exits.push(exit))

  await fleet.launch(requestOf('crash', createMark()))

  await eventually('an exit', () => exits.length > 0)
  expect(exits).toHaveLength(1)
})
