import {
  acceptRouteTable,
  inCohort,
  type Pool,
  proportionalWeights,
  type RouteTable,
} from '@changeover/engine'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CAPABILITIES } from '../src/capabilities.ts'
import { inFlightCounts } from '../src/in-flight.ts'
import type { RoutedInstance } from '../src/routed-pool.ts'
import { choose, chooseAgain, compileRoutes, type Routes } from '../src/routes.ts'
import { trafficCounts } from '../src/traffic.ts'
import { endpoint } from '../src/upstream-pool.ts'

const RELEASES = ['a', 'b', 'c']
const release = fc.constantFrom(...RELEASES)
const value = fc.constantFrom('1', '2')

const rule = fc.record({
  release,
  header: fc.constantFrom('x-one', 'x-two'),
  value: fc.option(value, { nil: undefined }),
})

/** Tables of three releases with two instances each; weights of 0 are as likely as others. */
const table = fc
  .record({
    parts: fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.nat({ max: 3 }))
      .filter((parts) => parts.some((part) => part > 0)),
    rules: fc.array(rule, { maxLength: 3 }),
    affine: fc.option(release, { nil: undefined }),
  })
  .map(({ parts, rules, affine }): RouteTable => {
    const weights = proportionalWeights(parts)
    const plain = rules.map(({ value, ...place }) => (value ? { ...place, value } : place))
    return {
      service: 'shop',
      revision: 1,
      fence: 1,
      pools: RELEASES.map((name, i) => poolOf(name, weights[i] ?? 0)),
      rules: plain,
      ...(affine ? { affinity: { release: affine, salt: 'r1', cookie: 'uid' } } : {}),
    }
  })

const head = fc.record({
  one: fc.option(value, { nil: undefined }),
  two: fc.option(value, { nil: undefined }),
  user: fc.option(fc.nat({ max: 500 }), { nil: undefined }),
})
type Head = typeof head extends fc.Arbitrary<infer T> ? T : never

test('a request goes where the first rule says, else its cohort, else to a release with weight; and so does its retry', () => {
  fc.assert(
    fc.property(table, fc.array(head, { minLength: 1 }), (table, heads) => {
      const routes = compiled(table)
      for (const one of heads) {
        const allowed = allowedReleases(table, one)
        const first = choose(routes, rawOf(one))
        const tried = first ? [first] : []
        const second = chooseAgain(routes, rawOf(one), first?.release ?? '', tried)
        const third = chooseAgain(routes, rawOf(one), first?.release ?? '', [...tried, second!])
        expect(allowed).toContain(first?.release)
        expect([second?.release, second === first]).toEqual([first?.release, false])
        const others = allowed.filter((name) => name !== first?.release)
        expect(others.length > 0 ? others : [undefined]).toContain(third?.release)
      }
    }),
  )
})

/** The same decision, told as simply as it can be. */
function allowedReleases({ pools, rules = [], affinity }: RouteTable, one: Head): string[] {
  const marks: Record<string, string | undefined> = { 'x-one': one.one, 'x-two': one.two }
  const decided = rules.find(({ header = '', value }) => {
    return marks[header] !== undefined && (value === undefined || value === marks[header])
  })
  if (decided) return [decided.release]
  const weighted = pools.filter(({ weight }) => weight > 0)
  const names = weighted.map((pool) => pool.release)
  if (!affinity || one.user === undefined) return names
  const weight = weighted.find((pool) => pool.release === affinity.release)?.weight ?? 0
  const inside = inCohort({ salt: 'r1', key: `${one.user}`, percent: weight / 100 })
  return inside ? [affinity.release] : names.filter((name) => name !== affinity.release)
}

function rawOf({ one, two, user }: Head): string[] {
  return [
    ['Host', 'shop'],
    ...(one === undefined ? [] : [['X-One', one]]),
    ...(user === undefined ? [] : [['Cookie', `theme=dark; uid=${user}`]]),
    ...(two === undefined ? [] : [['x-two', two]]),
  ].flat()
}

function poolOf(name: string, weight: number): Pool {
  const instances = [1, 2].map((n) => ({ id: `${name}-${n}`, address: `127.0.0.1:${n}` }))
  return { release: name, weight, instances }
}

function compiled(table: RouteTable): Routes {
  const [inFlight, traffic] = [inFlightCounts(), trafficCounts()]
  const limits = { connectMs: 1_000, idleMs: 1_000, idleConnections: 1, answerMs: 0 }
  const instance = (name: string, one: Pool['instances'][number]): RoutedInstance => ({
    ...one,
    release: name,
    endpoint: endpoint({ host: '127.0.0.1', port: 1 }, limits),
    inFlight: inFlight.of(one.id),
    tally: traffic.of(name),
  })
  return compileRoutes(
    acceptRouteTable(table, CAPABILITIES),
    { routed: instance, copied: instance },
    0.25,
  )
}
