import { describe, expect, it } from 'vitest'

import { createWaitingRoom } from '../src/waiting-room.ts'
import { sleep } from './harness.ts'

describe('a waiting room', () => {
  it('calls its guests in the order of their ends, once each, and not those who left', async () => {
    const called: string[] = []
    const room = createWaitingRoom<string>(100, (guest) => called.push(guest))
    for (const guest of ['a', 'b', 'c', 'd']) room.enter(guest)
    room.leave('b')
    await sleep(20)
    room.enter('a')
    await sleep(1_000)
    expect(called).toEqual(['c', 'd', 'a'])
  })

  it('keeps no timer when everybody has left', () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const room = createWaitingRoom<string>(60_000, () => {})
    for (const guest of ['a', 'b']) room.enter(guest)
    expect(timers()).toBe(before + 1)
    room.clear()
    expect(timers()).toBe(before)
  })
})
