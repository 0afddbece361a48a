import { routerConformance, type RouterSubject } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { durableDefects, liveDefects } from './fixtures/live-defects.ts'
import { liveSubject } from './fixtures/live-router.ts'
import { failuresOf, sentencesOf } from './fixtures/suite-failures.ts'

describe('what happens to a router', () => {
  const cases = [
    ...liveDefects.map((defect) => [...defect, false] as const),
    ...durableDefects.map((defect) => [...defect, true] as const),
  ]

  test.each(cases)('is told wrongly by one that %s', async (_, breakIt, sentence, durable) => {
    const create = (): Promise<RouterSubject> => liveSubject(breakIt, { durable })
    const name = `router: ${sentence}`
    expect(await failuresOf(routerConformance, create, name)).toStrictEqual([name])
  })

  test.each([false, true])(
    'is told rightly by one whose tables are durable: %s',
    async (durable) => {
      for (const sentence of new Set(cases.map(([, , one]) => one))) {
        const name = `router: ${sentence}`
        const create = (): Promise<RouterSubject> => liveSubject(undefined, { durable })
        expect(await failuresOf(routerConformance, create, name)).toStrictEqual([])
      }
    },
  )

  test('is told wrongly by some router for each sentence about it', async () => {
    const caught = new Set(cases.map(([, , sentence]) => sentence))
    const needed = await hookSentences()
    expect(needed.length).toBeGreaterThan(10)
    expect(needed.filter((one) => !caught.has(one))).toStrictEqual([])
  })

  test('is not checked where the subject has no way to do it, and the evidence says so', async () => {
    const { attach, halt, restart, tamper, ...plain } = await liveSubject()
    await plain.close()
    const lacking: string[] = []
    const tests: Promise<void>[] = []
    routerConformance({
      test: (name, run) => name.includes('one has vanished') && tests.push(run()),
      create: async () => plain,
      evidence: (one) => lacking.push(`${one.outcome}: ${one.lacking.join()}`),
    })
    await Promise.all(tests)
    expect(lacking).toStrictEqual(Array.from({ length: 3 }, () => 'unchecked: attach'))
    expect([attach, halt, restart, tamper]).not.toContain(undefined)
  })
})

/** The sentences that pass where the subject has no hooks, and fail where none of its hooks works. */
async function hookSentences(): Promise<readonly string[]> {
  const fail = (): Promise<never> => Promise.reject(new Error('no'))
  const calls = { probe: fail, observe: fail, apply: fail, converge: fail, drain: fail }
  const plain = {
    router: { name: 'dumb', ...calls },
    stalled: { name: 'dumb', ...calls },
    service: 'shop',
    close: async () => undefined,
  }
  const hooks = {
    attach: fail,
    foreign: fail,
    halt: fail,
    ignoreChanges: fail,
    refuseChanges: fail,
    restart: fail,
    tamper: fail,
  }
  const without = new Set(await failuresOf(routerConformance, async () => plain))
  const withHooks = new Set(
    await failuresOf(routerConformance, async () => ({ ...plain, ...hooks })),
  )
  return sentencesOf(routerConformance).filter(
    (one) => withHooks.has(`router: ${one}`) && !without.has(`router: ${one}`),
  )
}
