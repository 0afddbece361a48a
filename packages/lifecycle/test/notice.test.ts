import { describe, expect, it } from 'vitest'

import type { Logger } from '../src/index.ts'
import { readNotice } from '../src/notice.ts'

function read(value: string | undefined, noticeMs = 5_000): [number, number] {
  let warnings = 0
  const nothing = (): void => {}
  const warn = (): void => void (warnings += 1)
  const logger: Logger = { debug: nothing, info: nothing, warn, error: nothing }
  return [readNotice(noticeMs, { CHANGEOVER_NOTICE: value }, logger), warnings]
}

describe('CHANGEOVER_NOTICE', () => {
  it.each([
    ['0', 0],
    ['250', 250],
    ['2s', 2_000],
    ['1m', 5_000],
    [undefined, 5_000],
    ['', 5_000],
  ])('of %s makes a notice of 5 s one of %d ms: it shortens, and never lengthens', (value, ms) => {
    expect(read(value)).toEqual([ms, 0])
  })

  it.each(['-1', 'soon', '5 potatoes', '1e3', 'NaN', '99999999999'])(
    'of %s is ignored with a warning',
    (value) => {
      expect(read(value)).toEqual([5_000, 1])
    },
  )
})
