import { expect, test } from 'vitest'
import { createPulse } from '../src/pulse.ts'

test('one beat wakes everyone who waits for it, once', async () => {
  const pulse = createPulse()
  const woken: string[] = []
  const waiting = ['a', 'b'].map((name) => pulse.after(pulse.count).then(() => woken.push(name)))
  pulse.beat()
  await Promise.all(waiting)
  pulse.beat()
  await Promise.resolve()
  expect(woken).toStrictEqual(['a', 'b'])
  expect(pulse.count).toBe(2)
})

test('a beat between looking and waiting is not missed', async () => {
  const pulse = createPulse()
  const seen = pulse.count
  pulse.beat()
  await expect(pulse.after(seen)).resolves.toBeUndefined()
})

test('who has seen the last beat waits for the next', async () => {
  const pulse = createPulse()
  pulse.beat()
  let woken = false
  const waiting = pulse.after(pulse.count).then(() => (woken = true))
  await turn()
  expect(woken).toBe(false)
  pulse.beat()
  await waiting
})

test('who waits again while being woken waits for the next beat', async () => {
  const pulse = createPulse()
  const counts: number[] = []
  const follow = (async () => {
    while (pulse.count < 3) {
      const seen = pulse.count
      await pulse.after(seen)
      counts.push(pulse.count)
    }
  })()
  for (let beat = 0; beat < 3; beat += 1) {
    pulse.beat()
    await turn()
  }
  await follow
  expect(counts).toStrictEqual([1, 2, 3])
})

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
