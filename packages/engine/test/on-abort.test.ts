import { onAbort } from '@changeover/engine'
import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'

test('every watcher is called once, in the order of watching', () => {
  const controller = new AbortController()
  const called: number[] = []
  for (const n of [1, 2, 3]) onAbort(controller.signal, () => called.push(n))
  controller.abort()
  controller.abort()
  expect(called).toStrictEqual([1, 2, 3])
})

test('who has stopped watching is not called', () => {
  const controller = new AbortController()
  const called: string[] = []
  const forget = onAbort(controller.signal, () => called.push('gone'))
  onAbort(controller.signal, () => called.push('stayed'))
  forget()
  forget()
  controller.abort()
  expect(called).toStrictEqual(['stayed'])
})

test('a watcher may stop another one while it is called', () => {
  const controller = new AbortController()
  const called: string[] = []
  onAbort(controller.signal, () => forget())
  const forget = onAbort(controller.signal, () => called.push('second'))
  controller.abort()
  expect(called).toStrictEqual([])
})

test('ten thousand watchers are one listener', () => {
  const controller = new AbortController()
  const watchers = Array.from({ length: 10_000 }, () => onAbort(controller.signal, () => undefined))
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
  for (const forget of watchers) forget()
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
})

test('signals do not hear of each other, and no signal at all is fine', () => {
  const [one, other] = [new AbortController(), new AbortController()]
  const called: string[] = []
  onAbort(one.signal, () => called.push('one'))
  onAbort(other.signal, () => called.push('other'))
  onAbort(undefined, () => called.push('nobody'))()
  one.abort()
  expect(called).toStrictEqual(['one'])
})
