import { expect, it } from 'vitest'
import { lookUntil } from '../src/wait.ts'

/** A clock on which a sleep takes no time. */
function quickClock() {
  let time = 0
  return {
    now: () => time,
    sleep: async (ms: number) => void (time += ms),
  }
}

it('a wait of minutes looks often at first and seldom later, and once more at its deadline', async () => {
  const clock = quickClock()
  const looks: number[] = []
  const look = async () => void looks.push(clock.now())
  await lookUntil(look, clock, { deadline: 600_000 })
  expect(looks.filter((at) => at < 150)).toHaveLength(10)
  expect(looks.length).toBeLessThan(3_000)
  expect(looks.at(-1)).toBe(600_000)
})
