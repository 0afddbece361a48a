import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  classifyAnswer,
  classifyBroken,
  failureClasses,
  type FailureClass,
  type FailurePhase,
} from '../src/request-outcome.js'

const table: [string | undefined, FailurePhase, boolean, FailureClass][] = [
  ['ECONNREFUSED', 'connect', false, 'refused'],
  ['EHOSTUNREACH', 'connect', false, 'refused'],
  ['ENETUNREACH', 'connect', false, 'refused'],
  ['ECONNRESET', 'connect', false, 'reset-fresh'],
  ['ETIMEDOUT', 'connect', false, 'timeout'],
  ['EADDRNOTAVAIL', 'connect', false, 'other'],
  ['EMFILE', 'connect', false, 'other'],
  ['ENOTFOUND', 'head', false, 'other'],
  ['ECONNRESET', 'head', false, 'reset-fresh'],
  ['ECONNRESET', 'head', true, 'reset-reused'],
  ['EPIPE', 'head', false, 'reset-fresh'],
  ['EPIPE', 'head', true, 'reset-reused'],
  ['ECONNABORTED', 'head', true, 'reset-reused'],
  ['ETIMEDOUT', 'head', true, 'timeout'],
  ['HPE_INVALID_CONSTANT', 'head', true, 'other'],
  [undefined, 'head', true, 'other'],
  ['ECONNRESET', 'body', true, 'truncated'],
  ['HPE_INVALID_CHUNK_SIZE', 'body', false, 'truncated'],
  [undefined, 'body', false, 'truncated'],
]

describe('classifyBroken', () => {
  it.each(table)('%s in phase %s, reused %s, is %s', (code, phase, reused, expected) => {
    expect(classifyBroken({ code, phase, reused })).toBe(expected)
  })

  it('calls a reset reused only on a connection that carried a request before', () => {
    const phase = fc.constantFrom<FailurePhase>('connect', 'head', 'body')
    const code = fc.constantFrom(...table.map(([code]) => code), 'EUNKNOWN')
    fc.assert(
      fc.property(code, phase, fc.boolean(), (code, phase, reused) => {
        const found = classifyBroken({ code, phase, reused })
        expect(failureClasses).toContain(found)
        expect(found).not.toBe(reused ? 'reset-fresh' : 'reset-reused')
      }),
    )
  })
})

describe('classifyAnswer', () => {
  it.each([
    [200, 'a-1', undefined],
    [204, undefined, undefined],
    [302, undefined, undefined],
    [404, 'a-1', 'status-4xx'],
    [429, undefined, 'status-4xx'],
    [500, undefined, 'status-5xx'],
    [503, 'a-1', 'status-5xx'],
    [200, 'a-2', 'wrong'],
    [500, 'a-2', 'wrong'],
  ])('status %s with echo %s to request a-1 is %s', (status, echoedId, expected) => {
    expect(classifyAnswer({ status, id: 'a-1', echoedId })?.class).toBe(expected)
  })
})
