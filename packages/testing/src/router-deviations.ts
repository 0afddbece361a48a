import assert from 'node:assert/strict'
import { checkOptions } from '@changeover/engine'
import { z } from 'zod'
import type { ConformanceCase } from './conformance-case.ts'

/** Where real routers are known to differ from what the suite asks of every one; each names the case that asks it. */
export const ROUTER_DEVIATIONS = [
  'ambiguous-length',
  'malformed-head',
  'ambiguous-host',
  'oversized-head',
  'request-connection-headers',
  'answer-connection-headers',
  'forwarded-for',
  'expect-continue',
  'early-hints',
  'request-trailers',
  'answer-trailers',
  'bodiless-answers',
  'upgrade',
  'chunked-request',
  'pipelining',
  'http-1.0',
  'half-close',
  'slow-reader',
  'regular-intervals',
  'stale-connection',
  'put-again',
  'broken-body',
  'client-abort',
] as const

export type RouterDeviation = (typeof ROUTER_DEVIATIONS)[number]

/** Deviations of a router, each with its reason: the version, the option or the issue that it rests on. */
export type RouterDeviations = Readonly<Partial<Record<RouterDeviation, string>>>

const schema = z.partialRecord(z.enum(ROUTER_DEVIATIONS), z.string().trim().min(1))

/**
 * A misspelt deviation would excuse nothing, and one without a reason would excuse too much.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 */
export function checkDeviations(deviations: RouterDeviations): RouterDeviations {
  const remedies = { '': `Name some of ${ROUTER_DEVIATIONS.join(', ')}, each with its reason.` }
  return checkOptions(schema, deviations, 'RouterSubject.deviations', { remedies })
}

/** How often a case is tried that a router may fail by chance. */
const LOOKS = 10

/**
 * The case, from which a router may deviate by `name`. One that declares it must really fail: a deviation that is no longer
 * true fails the suite too, so that the declared ones can be believed.
 */
export function deviating<Subject extends { readonly deviations?: RouterDeviations }>(
  name: RouterDeviation,
  sentence: string,
  check: (subject: Subject) => Promise<void>,
): ConformanceCase<Subject> {
  return [
    sentence,
    async (subject) => {
      const reason = subject.deviations?.[name]
      if (reason === undefined) return check(subject)
      for (let look = 1; look <= LOOKS; look += 1) {
        const [result] = await Promise.allSettled([check(subject)])
        if (result.status === 'fulfilled') continue
        if (result.reason instanceof assert.AssertionError) return
        throw result.reason
      }
      assert.fail(`the router no longer deviates in "${name}" (${reason}): leave it out`)
    },
  ]
}
