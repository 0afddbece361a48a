import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SLOW_BOUNDS_MS } from '@changeover/router-node'
import { countAnswer, trafficCounts } from '../src/traffic.ts'
import { backend, named, silentAddress } from './backends.ts'
import { ask } from './clients.ts'
import { routedShop } from './shop.ts'

const LATE_MS = 150

describe('the counts of slow requests', () => {
  test('say for each bound how many took longer', () => {
    const time = fc.oneof(
      fc.constantFrom(...SLOW_BOUNDS_MS),
      fc.double({ min: 0, max: 40_000, noNaN: true }),
    )
    fc.assert(
      fc.property(fc.array(time), (times) => {
        const traffic = trafficCounts()
        for (const ms of times) countAnswer(traffic.of('v1'), false, ms)
        const expected = SLOW_BOUNDS_MS.map((bound) => [
          String(bound),
          times.filter((ms) => ms > bound).length,
        ])
        traffic.seen(['v1'])
        expect(traffic.sample()['v1']?.slow).toEqual(Object.fromEntries(expected))
      }),
    )
  })

  test('are there for a release before its first request, all of them 0', async () => {
    const router = await routedShop({ releases: { v1: ['127.0.0.1:1'] } })
    const { v1 } = await router.traffic('shop')
    expect(Object.keys(v1?.slow ?? {}).map(Number)).toEqual(SLOW_BOUNDS_MS)
    expect(Object.values(v1?.slow ?? {})).toEqual(SLOW_BOUNDS_MS.map(() => 0))
  })

  test('grow with requests that wait for their answer, by the bounds that they exceeded', async () => {
    const late = await backend((_request, response) => {
      setTimeout(() => response.end(), LATE_MS)
    })
    const router = await routedShop({ releases: { v1: [late.address] } })
    for (let n = 0; n < 3; n++) await ask(router.url('shop'))
    const { v1 } = await router.traffic('shop')
    expect(v1).toMatchObject({ total: 3, bad: 0, slow: { '100': 3, '30000': 0 } })
  })

  test('do not grow with an answer that has begun, however long that goes on', async () => {
    const streaming = await backend((_request, response) => {
      response.flushHeaders()
      setTimeout(() => response.end('the end'), 10 * LATE_MS)
    })
    const router = await routedShop({ releases: { v1: [streaming.address] } })
    expect((await ask(router.url('shop'))).body).toBe('the end')
    expect((await router.traffic('shop'))['v1']).toMatchObject({ total: 1, slow: { '1000': 0 } })
  })

  test('count a request whose answer did not come in time', async () => {
    const silent = await backend(() => undefined)
    const router = await routedShop(
      { releases: { v1: [silent.address] } },
      { timeouts: { answer: LATE_MS, close: 0 } },
    )
    expect((await ask(router.url('shop'))).status).toBe(504)
    const { v1 } = await router.traffic('shop')
    expect(v1).toMatchObject({ total: 1, bad: 1, slow: { '100': 1, '30000': 0 } })
  })
  test('do not hold it against a release that another one could not be reached before', async () => {
    const fast = await named('v2')
    const router = await routedShop(
      { releases: { v1: [await silentAddress()], v2: [fast.address] }, weights: { v2: 5_000 } },
      { timeouts: { connect: 4 * LATE_MS, close: 0 } },
    )
    for (let n = 0; n < 4; n++) expect((await ask(router.url('shop'))).body).toBe('v2')
    const { v1, v2 } = await router.traffic('shop')
    expect(v1?.slow?.['500']).toBeGreaterThan(0)
    expect(v2?.slow?.['500']).toBe(0)
  })
})
