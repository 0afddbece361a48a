import { routerConformance, ROUTER_DEVIATIONS, type RouterDeviations } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { liveSubject } from './fixtures/live-router.ts'

/** The router of the tests believes clients, and answers pipelined requests in their order. */
const BELIEVES = 'where a client says that it came from somewhere else, the instance is not told so'
const IN_ORDER =
  'requests that are sent before the answers to the ones before are answered in their order'

describe('a deviation of a router', () => {
  test('excuses the case that it names', async () => {
    await expect(checked(BELIEVES)).rejects.toThrow(/6\\\.6\\\.6\\\.6/)
    await checked(BELIEVES, { 'forwarded-for': 'it is a test' })
  })

  test('excuses no other case', async () => {
    await expect(checked(BELIEVES, { pipelining: 'it is a test' })).rejects.toThrow(
      /6\\\.6\\\.6\\\.6/,
    )
  })

  test('fails the suite when it is no longer true', async () => {
    await checked(IN_ORDER)
    await expect(checked(IN_ORDER, { pipelining: 'it was so once' })).rejects.toThrow(
      'the router no longer deviates in "pipelining" (it was so once): leave it out',
    )
  })

  test('is refused where it is misspelt, or has no reason', async () => {
    const misspelt = { pipelinning: 'it is a test' } as RouterDeviations
    for (const odd of [misspelt, { pipelining: ' ' }])
      await expect(checked(IN_ORDER, odd)).rejects.toMatchObject({
        code: 'CHANGEOVER_OPTION_INVALID',
      })
  })

  test('has one name', () => {
    expect(new Set(ROUTER_DEVIATIONS).size).toBe(ROUTER_DEVIATIONS.length)
  })
})

async function checked(sentence: string, deviations: RouterDeviations = {}): Promise<void> {
  const tests = new Map<string, () => Promise<void>>()
  routerConformance({
    test: (name, run) => tests.set(name, run),
    create: async () => ({ ...(await liveSubject()), deviations }),
  })
  await tests.get(`router: ${sentence}`)?.()
}
