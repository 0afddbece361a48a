import { type Affinity, inCohort, type RouteRule, type RouteTable } from '@changeover/engine'
import type { NodeRouter } from '@changeover/router-node'
import { describe, expect, test } from 'vitest'
import { deadAddress, named } from './backends.ts'
import { ask, exchangeRaw } from './clients.ts'
import { openRouter, table } from './shop.ts'

const USERS = Array.from({ length: 200 }, (_, i) => `user-${i + 1}`)

interface Steered {
  readonly weights?: Readonly<Record<string, number>>
  readonly rules?: readonly RouteRule[]
  readonly affinity?: Omit<Affinity, 'salt'>
}

/** A router whose releases answer with their names. A release without a weight here has none. */
async function shop(names: readonly string[], steered: Steered): Promise<NodeRouter> {
  const backends = await Promise.all(names.map((name) => named(name)))
  const router = await openRouter()
  await router.apply(
    steer(Object.fromEntries(names.map((n, i) => [n, [backends[i]!.address]])), steered),
  )
  return router
}

function steer(
  releases: Readonly<Record<string, readonly string[]>>,
  { weights = {}, rules = [], affinity }: Steered,
): RouteTable {
  const none = Object.fromEntries(
    Object.keys(releases)
      .slice(1)
      .map((name) => [name, 0]),
  )
  return {
    ...table({ releases, weights: { ...none, ...weights } }),
    rules,
    ...(affinity ? { affinity: { ...affinity, salt: 'r1' } } : {}),
  }
}

async function releasesOf(
  router: NodeRouter,
  heads: readonly Readonly<Record<string, string>>[],
): Promise<string[]> {
  const answers: string[] = []
  for (const headers of heads) answers.push((await ask(router.url('shop'), { headers })).body)
  return answers
}

describe('a rule', () => {
  test('decides on requests that carry its mark, and on no other', async () => {
    const rules = [
      { release: 'v2', header: 'X-Preview' },
      { release: 'v3', cookie: 'preview', value: 'yes' },
    ]
    const router = await shop(['v1', 'v2', 'v3'], { rules })
    const heads = [
      {},
      { 'x-preview': '' },
      { 'X-PREVIEW': 'anything' },
      { cookie: 'preview=yes' },
      { cookie: 'a=1; preview="yes"; b=2' },
      { cookie: 'preview=Yes' },
      { cookie: 'x-preview=1' },
      { preview: 'yes' },
      { 'x-preview': '1', cookie: 'preview=yes' },
    ]
    const expected = ['v1', 'v2', 'v2', 'v3', 'v3', 'v1', 'v1', 'v1', 'v2']
    expect(await releasesOf(router, heads)).toEqual(expected)
  })

  test('is compared as text that was written in UTF-8', async () => {
    const rules = [{ release: 'v2', header: 'x-tester', value: 'Zoë' }]
    const router = await shop(['v1', 'v2'], { rules })
    const wire = Buffer.from('Zoë').toString('latin1')
    const answer = await exchangeRaw(
      router.url('shop'),
      `GET / HTTP/1.1\r\nHost: shop\r\nX-Tester: ${wire}\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/v2/)
  })

  test('comes before the cohort of the same user', async () => {
    const router = await shop(['v1', 'v2'], {
      weights: { v2: 5_000 },
      rules: [{ release: 'v1', header: 'x-stable' }],
      affinity: { release: 'v2', cookie: 'uid' },
    })
    const heads = USERS.map((user) => ({ cookie: `uid=${user}`, 'x-stable': '1' }))
    expect(new Set(await releasesOf(router, heads))).toEqual(new Set(['v1']))
  })

  test('leaves its requests without an answer rather than to a release that they did not ask for', async () => {
    const v1 = await named('v1')
    const router = await openRouter()
    const rules = [{ release: 'v2', header: 'x-preview' }]
    const dead = [await deadAddress(), await deadAddress()]
    await router.apply(steer({ v1: [v1.address], v2: dead }, { rules }))
    const marked = await ask(router.url('shop'), { headers: { 'x-preview': '1' } })
    expect([marked.status, v1.requests.length]).toEqual([502, 0])
    expect((await router.traffic('shop'))['v2']).toMatchObject({ total: 2, bad: 2 })
    expect((await ask(router.url('shop'))).body).toBe('v1')
  })

  test('is answered by another instance of its release where one cannot be reached', async () => {
    const [v1, v2] = [await named('v1'), await named('v2')]
    const router = await openRouter()
    const rules = [{ release: 'v2', header: 'x-preview' }]
    await router.apply(
      steer({ v1: [v1.address], v2: [await deadAddress(), v2.address] }, { rules }),
    )
    const heads = Array.from({ length: 6 }, () => ({ 'x-preview': '1' }))
    expect(new Set(await releasesOf(router, heads))).toEqual(new Set(['v2']))
  })
})

describe('an affinity', () => {
  test.each([{ cookie: 'uid' }, { header: 'X-User' }])(
    'sends a user told by %j where the cohort says',
    async (place) => {
      const router = await shop(['v1', 'v2'], {
        weights: { v2: 3_000 },
        affinity: { release: 'v2', ...place },
      })
      const heads = USERS.map((user): Record<string, string> => {
        return 'cookie' in place ? { cookie: `a=1; uid=${user}` } : { 'x-user': user }
      })
      const expected = USERS.map((key) =>
        inCohort({ salt: 'r1', key, percent: 30 }) ? 'v2' : 'v1',
      )
      expect(await releasesOf(router, heads)).toEqual(expected)
      expect(new Set(expected).size).toBe(2)
    },
  )

  test('knows a user by the text that was written in UTF-8', async () => {
    const router = await shop(['v1', 'v2'], {
      weights: { v2: 5_000 },
      affinity: { release: 'v2', header: 'x-user' },
    })
    for (const key of ['Zoë', 'José', '太郎', 'Ærø']) {
      const wire = Buffer.from(key).toString('latin1')
      const answer = await exchangeRaw(
        router.url('shop'),
        `GET / HTTP/1.1\r\nHost: shop\r\nX-User: ${wire}\r\nConnection: close\r\n\r\n`,
      )
      expect(answer).toMatch(inCohort({ salt: 'r1', key, percent: 50 }) ? /v2/ : /v1/)
    }
  })

  test('shares those outside among the other releases, by their weights', async () => {
    const router = await shop(['v1', 'v2', 'v3'], {
      weights: { v2: 5_000, v3: 1_000 },
      affinity: { release: 'v2', cookie: 'uid' },
    })
    const outside = USERS.filter((key) => !inCohort({ salt: 'r1', key, percent: 50 })).slice(0, 50)
    const answers = await releasesOf(
      router,
      outside.map((user) => ({ cookie: `uid=${user}` })),
    )
    const share = answers.filter((name) => name === 'v3').length
    expect(answers).not.toContain('v2')
    expect(Math.abs(share - outside.length / 5)).toBeLessThanOrEqual(2)
  })

  test('leaves requests without a key, or with an empty one, to the weights', async () => {
    const router = await shop(['v1', 'v2'], {
      weights: { v2: 2_500 },
      affinity: { release: 'v2', cookie: 'uid' },
    })
    for (const head of [{}, { cookie: 'uid=' }, { cookie: 'uid=""' }, { uid: 'user-1' }]) {
      const answers = await releasesOf(
        router,
        Array.from({ length: 40 }, () => head),
      )
      const share = answers.filter((name) => name === 'v2').length
      expect(Math.abs(share - 10)).toBeLessThanOrEqual(4)
    }
  })

  test('sends everybody in at full weight, and nobody at none', async () => {
    for (const [weight, name] of [
      [10_000, 'v2'],
      [0, 'v1'],
    ] as const) {
      const affinity = { release: 'v2', cookie: 'uid' }
      const router = await shop(['v1', 'v2'], { weights: { v2: weight }, affinity })
      const heads = USERS.slice(0, 50).map((user) => ({ cookie: `uid=${user}` }))
      expect(new Set(await releasesOf(router, heads))).toEqual(new Set([name]))
    }
  })

  test('keeps a user on that side when an instance cannot be reached', async () => {
    const v1 = await named('v1')
    const router = await openRouter()
    const steered = { weights: { v2: 5_000 }, affinity: { release: 'v2', cookie: 'uid' } }
    await router.apply(steer({ v1: [v1.address], v2: [await deadAddress()] }, steered))
    for (const user of USERS.slice(0, 30)) {
      const { status } = await ask(router.url('shop'), { headers: { cookie: `uid=${user}` } })
      expect(status).toBe(inCohort({ salt: 'r1', key: user, percent: 50 }) ? 502 : 200)
    }
  })
})

describe('a table', () => {
  test('that clears rules and affinity sends marked requests by weight again, at once', async () => {
    const [v1, v2] = [await named('v1'), await named('v2')]
    const releases = { v1: [v1.address], v2: [v2.address] }
    const router = await openRouter()
    const rules = [{ release: 'v2', header: 'x-preview' }]
    await router.apply(steer(releases, { rules }))
    const marked = [{ 'x-preview': '1' }]
    expect(await releasesOf(router, marked)).toEqual(['v2'])
    await router.apply({ ...table({ releases, weights: { v2: 0 } }), revision: 2 })
    expect(await releasesOf(router, marked)).toEqual(['v1'])
    const drain = await router.drain('shop', ['v2-1'], { deadline: 60_000 })
    expect(drain.drained).toBe(true)
  })

  test('counts the instances that only a rule leads to as routed: none of them is drained', async () => {
    const router = await shop(['v1', 'v2'], { rules: [{ release: 'v2', header: 'x-preview' }] })
    const report = await router.drain('shop', ['v2-1'], { deadline: 20 })
    expect(report).toMatchObject({ drained: false, inFlight: 0 })
  })

  test.each([
    ['a value', { rules: [{ release: 'v1', header: 'x-preview', value: 1 }] }],
    ['a name', { rules: [{ release: 'v1', header: 1 }] }],
    ['a salt', { affinity: { release: 'v1', cookie: 'uid' } }],
  ])('with %s that is no text is refused, and changes nothing', async (_what, extras) => {
    const router = await openRouter()
    const odd = { ...steer({ v1: ['127.0.0.1:1'] }, {}), ...extras } as unknown as RouteTable
    await expect(router.apply(odd)).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_TABLE_INVALID',
    })
    expect((await router.observe('shop')).table).toBeUndefined()
  })
})
