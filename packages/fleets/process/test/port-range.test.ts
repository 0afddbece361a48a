import { expect, test } from 'vitest'
import { createPortRange } from '../src/port-range.ts'
import { freePorts } from './fleet-under-test.ts'

test('a port that was given back is the last to be given out again', async () => {
  const ports = await freePorts(4)
  const range = createPortRange(ports, '127.0.0.1', () => 0.5)
  const first = await range.take()
  range.giveBack(first ?? 0)

  const next = [await range.take(), await range.take(), await range.take(), await range.take()]

  expect(first).toBe(ports.from + 2)
  expect(next).toEqual([3, 0, 1, 2].map((n) => ports.from + n))
  expect(await range.take()).toBeUndefined()
})

test('a reserved port is not given out', async () => {
  const ports = await freePorts(2)
  const range = createPortRange(ports, '127.0.0.1', () => 0)
  range.reserve(ports.from)

  expect(await range.take()).toBe(ports.to)
  expect(await range.take()).toBeUndefined()
})

test('ports taken at the same time differ', async () => {
  const range = createPortRange(await freePorts(20), '127.0.0.1')

  const ports = await Promise.all(Array.from({ length: 20 }, () => range.take()))

  expect(new Set(ports).size).toBe(20)
  expect(ports).not.toContain(undefined)
})

test('two fleets never give out the same port, however they choose', async () => {
  const span = await freePorts(40)
  const ranges = [1, 2].map(() => createPortRange(span, '127.0.0.1', () => 0))

  const ports = await Promise.all(
    Array.from({ length: 20 }, () => ranges.map((range) => range.take())).flat(),
  )

  expect(new Set(ports).size).toBe(40)
  expect(ports).not.toContain(undefined)
  for (const range of ranges) range.close()
})

test('a port that one fleet gave back is free for another', async () => {
  const span = await freePorts(1)
  const [mine, other] = [1, 2].map(() => createPortRange(span, '127.0.0.1'))
  const port = await mine?.take()
  expect(await other?.take()).toBeUndefined()

  mine?.giveBack(port ?? 0)

  expect(await other?.take()).toBe(span.from)
  other?.close()
})
