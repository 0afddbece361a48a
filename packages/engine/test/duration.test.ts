import { type Duration, toMs } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'

const unit = fc.constantFrom(
  { name: 'ms', ms: 1 },
  { name: 's', ms: 1_000 },
  { name: 'm', ms: 60_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'd', ms: 86_400_000 },
)

describe('a duration', () => {
  test.each<[Duration, number]>([
    [0, 0],
    [250, 250],
    [1.4, 1],
    ['0s', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['0.5d', 43_200_000],
  ])('of %o is %i milliseconds', (duration, ms) => {
    expect(toMs(duration, 'field')).toBe(ms)
  })

  test('in any unit is as many of its milliseconds', () => {
    fc.assert(
      fc.property(fc.nat(10_000), unit, (count, { name, ms }) => {
        expect(toMs(`${count}${name}`, 'field')).toBe(count * ms)
      }),
    )
  })

  test.each<unknown>([
    '',
    's',
    '30',
    '30 s',
    ' 30s',
    '30s ',
    '30S',
    '-5s',
    '+5s',
    '1e3s',
    '.5s',
    '5.s',
    '1m30s',
    '0x10s',
    `${'9'.repeat(400)}s`,
    -1,
    Number.NaN,
    Infinity,
    null,
    undefined,
    {},
    ['5s', '6s'],
    true,
    5n,
  ])('is not %o', (wrong) => {
    const refusal = refusalOf(() => toMs(wrong as Duration, 'rolling.minReady'))
    expect(refusal.code).toBe('CHANGEOVER_DURATION_INVALID')
    expect(refusal.details['value']).toBe(wrong)
    expect(refusal.message).toContain('Option "rolling.minReady" is not a duration')
  })
})
