import { ERROR_CODES, openLoopLoad, virtualClock } from '@changeover/testing'
import { describe, expect, test } from 'vitest'

describe.each(Object.entries(ERROR_CODES))('%s', (code, template) => {
  test('has a code that is stable and of our own', () => {
    expect(code).toMatch(/^CHANGEOVER(?:_[A-Z]+)+$/)
  })

  test('says in sentences what was refused, why, and what next', () => {
    expect(Object.keys(template)).toStrictEqual(['what', 'why', 'next'])
    for (const text of Object.values(template))
      expect(text).toMatch(/^(?:[A-Z]|\{|openLoopLoad).*[.}]$/)
  })
})

test.each<[keyof typeof ERROR_CODES, () => unknown]>([
  ['CHANGEOVER_LOAD_OPTION_INVALID', async () => openLoopLoad({ url: 'http://a.test/', rate: 0 })],
  ['CHANGEOVER_CLOCK_STUCK', () => virtualClock().run(new Promise(() => undefined))],
])('%s fills every placeholder of its template', async (code, fail) => {
  const [{ reason }] = (await Promise.allSettled([fail()])) as [PromiseRejectedResult]
  expect(reason).toMatchObject({ code })
  expect(reason.message).toContain(ERROR_CODES[code].why)
  expect(reason.message).not.toMatch(/\{\w+\}|undefined/)
})
