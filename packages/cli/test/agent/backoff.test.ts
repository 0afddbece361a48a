import { describe, expect, it } from 'vitest'
import { afterTry, type Backoff, isDue, NO_FAILURE } from '../../src/agent/backoff.ts'

describe('Trying again', () => {
  it('waits twice as long each time, from a second up to five minutes', () => {
    const waits: number[] = []
    let [backoff, now]: [Backoff, number] = [NO_FAILURE, 1_000_000]
    for (let i = 0; i < 11; i++) {
      expect(isDue(backoff, now)).toBe(true)
      backoff = afterTry(backoff, now)
      waits.push(backoff.notBefore - now)
      expect(isDue(backoff, backoff.notBefore - 1)).toBe(false)
      now = backoff.notBefore
    }
    expect(waits.map((ms) => ms / 1000)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
  })

  it('begins anew after a long time without a failure', () => {
    const tired = { failures: 9, notBefore: 0, lastAt: 0 }
    expect(afterTry(tired, 600_001)).toMatchObject({ failures: 1, notBefore: 601_001 })
  })
})
