import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAnswerHead } from '../../src/wire/answer-head.ts'
import { readPlainRequest } from '../../src/wire/plain-request.ts'
import { answerBytes, requestBytes } from './arbitraries.ts'
import { answerByNode, requestsByNode } from './node-parser.ts'
import { answerByFastPath, requestsByFastPath } from './strict-reader.ts'

/** Whatever the fast path takes for a request, `node:http` takes for the same one, at the same place. */
function requestsAgree(read = readPlainRequest, seen = { accepted: 0, refused: 0 }) {
  return fc.asyncProperty(requestBytes, async (bytes) => {
    const fast = requestsByFastPath(bytes, read)
    seen[fast.length > 0 ? 'accepted' : 'refused'] += 1
    if (fast.length === 0) return
    expect((await requestsByNode(bytes)).slice(0, fast.length)).toEqual(fast)
  })
}

/** Whatever the fast path takes for a whole answer, `node:http` takes for the same one. */
function answersAgree(read = readAnswerHead, seen = { accepted: 0, refused: 0 }) {
  return fc.asyncProperty(
    answerBytes,
    fc.constantFrom('GET', 'GET', 'HEAD', 'POST'),
    async (bytes, method) => {
      const fast = answerByFastPath(bytes, method, read)
      seen[fast ? 'accepted' : 'refused'] += 1
      if (!fast) return
      expect(await answerByNode(bytes, method)).toEqual(fast)
    },
  )
}

const RUNS = Number(process.env['CHANGEOVER_FUZZ_RUNS'] ?? 1000)

describe('the fast path and node:http', () => {
  test('read the same requests from the same bytes, wherever the fast path reads any', async () => {
    const seen = { accepted: 0, refused: 0 }
    await fc.assert(requestsAgree(undefined, seen), { numRuns: RUNS })
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(RUNS / 10)
  })

  test('read the same answers from the same bytes, wherever the fast path reads any', async () => {
    const seen = { accepted: 0, refused: 0 }
    await fc.assert(answersAgree(undefined, seen), { numRuns: RUNS })
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(RUNS / 10)
  })
})

/** Reads what `lenient` makes of a head: what a reader would do that tolerates that. */
function tolerating(lenient: (text: string) => string): typeof readPlainRequest {
  return (text, end) => {
    const head = `${lenient(text.slice(0, end + 2))}\r\n`
    return readPlainRequest(head, head.length - 4)
  }
}

function toleratingInAnswers(lenient: (text: string) => string): typeof readAnswerHead {
  return (text, from, end, method) => {
    const head = `${lenient(text.slice(from, end + 2))}\r\n`
    return readAnswerHead(head, 0, head.length - 4, method)
  }
}

/** Each is what some reader in the world does. */
const LENIENCIES: readonly (readonly [string, (text: string) => string])[] = [
  ['a bare line feed', (text) => text.replaceAll(/(?<!\r)\n/g, '\r\n')],
  ['a blank before the colon', (text) => text.replaceAll(/^([^\s:]+)[ \t]+:/gm, '$1:')],
  ['a folded line', (text) => text.replaceAll(/\r\n[ \t]+/g, ' ')],
  [
    'a second length',
    (text) => text.replace(/^Content-Length: *\d+\r\n(?=[^]*^Content-Length:)/im, ''),
  ],
  ['a length with a sign', (text) => text.replace(/^(Content-Length: )\+/m, '$1')],
  ['a control character in a value', (text) => text.replaceAll('\u0000', '')],
]

/** What was found once is found again. */
const SEED = 20

describe('the comparison finds', () => {
  test.each(LENIENCIES)('a reader of requests that tolerates %s', async (_what, lenient) => {
    const found = await fc.check(requestsAgree(tolerating(lenient)), {
      numRuns: 20 * RUNS,
      seed: SEED,
    })
    expect(found.failed).toBe(true)
  })

  test.each(LENIENCIES)('a reader of answers that tolerates %s', async (_what, lenient) => {
    const found = await fc.check(answersAgree(toleratingInAnswers(lenient)), {
      numRuns: 20 * RUNS,
      seed: SEED,
    })
    expect(found.failed).toBe(true)
  })
})
