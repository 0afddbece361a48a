import { describe, expect, test } from 'vitest'
import { type Failure, decideRetry } from '../src/retry.ts'

const stale: Failure = {
  unsent: false,
  reused: true,
  broken: true,
  begun: false,
  method: 'GET',
  hasBody: false,
  tries: 0,
  replayed: false,
}
const refused: Failure = { ...stale, unsent: true, reused: false, tries: 1 }

describe('a request that an instance did not answer', () => {
  test.each<[string, Failure, ReturnType<typeof decideRetry>]>([
    ['goes elsewhere when it was never sent', refused, 'elsewhere'],
    [
      'goes elsewhere whatever its method',
      { ...refused, method: 'POST', hasBody: true },
      'elsewhere',
    ],
    ['goes elsewhere a second time', { ...refused, tries: 2 }, 'elsewhere'],
    ['fails after the third instance', { ...refused, tries: 3 }, 'give-up'],
    ['is sent again when it met a connection that was closed meanwhile', stale, 'again'],
    ['is sent again as HEAD', { ...stale, method: 'HEAD' }, 'again'],
    ['is sent again as OPTIONS', { ...stale, method: 'OPTIONS' }, 'again'],
    ['is sent again once only', { ...stale, replayed: true }, 'give-up'],
    [
      'is not sent again on a fresh connection: the instance had it',
      { ...stale, reused: false },
      'give-up',
    ],
    ['is not sent again when the answer was no HTTP', { ...stale, broken: false }, 'give-up'],
    ['is not sent again when an answer has begun', { ...stale, begun: true }, 'give-up'],
    ['is not sent again with a body', { ...stale, hasBody: true }, 'give-up'],
    ['is not sent again as POST', { ...stale, method: 'POST' }, 'give-up'],
    ['is not sent again as PUT', { ...stale, method: 'PUT' }, 'give-up'],
    ['is not sent again as DELETE', { ...stale, method: 'DELETE' }, 'give-up'],
    ['is not sent again as PATCH', { ...stale, method: 'PATCH' }, 'give-up'],
  ])('%s', (_sentence, failure, expected) => {
    expect(decideRetry(failure)).toBe(expected)
  })
})
