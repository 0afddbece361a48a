import type { RouteTable } from '@changeover/engine'
import fc from 'fast-check'
import {
  type HaproxyConfigOptions,
  parseConfigOptions,
  type ServiceSettings,
} from '../src/options.ts'
import { instancesDigest, type RouteText } from '../src/route-text.ts'

type Pool = RouteTable['pools'][number]

/** A service's settings, with marks that tables may use. */
export function settings(
  options: Partial<HaproxyConfigOptions['services'][string]> = {},
): ServiceSettings {
  const marks = { headers: ['X-Preview'], cookies: ['uid'] }
  const services = { shop: { bind: '127.0.0.1:8080', ...marks, ...options } }
  return parseConfigOptions({ services }).get('shop')!
}

/** A pool whose instances are named after the release. */
export function pool(release: string, weight: number, instances = 1): Pool {
  const ids = Array.from({ length: instances }, (_, i) => i + 1)
  return {
    release,
    weight,
    instances: ids.map((i) => ({ id: `${release}-${i}`, address: `10.0.0.${i}:80` })),
  }
}

export function table(revision: number, ...pools: readonly Pool[]): RouteTable {
  return { service: 'shop', revision, fence: 1, pools }
}

/** Any text that somebody could give as a name. */
export const anyName: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    fc.constantFrom(
      'v1',
      'a;quit',
      'x\nglobal',
      ')},{',
      '%[src]',
      '1:2~3+4/5*',
      '\\1',
      '"',
      '#',
      "'",
    ),
  )
  .map((name) => Buffer.from(name).toString())

/** Any text that is in force: up to four releases, a rule and perhaps a cohort. */
export const anyText: fc.Arbitrary<RouteText> = fc
  .record({
    revision: fc.nat(),
    fence: fc.nat(),
    releases: fc.uniqueArray(anyName, { minLength: 1, maxLength: 4 }),
    cuts: fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 3, maxLength: 3 }),
    value: fc.option(anyName, { nil: undefined }),
    salt: fc.option(anyName, { nil: undefined }),
  })
  .map(({ revision, fence, releases, cuts, value, salt }) => {
    const edges = [...cuts.slice(0, releases.length - 1).toSorted((a, b) => a - b), 10_000]
    const pools = releases.map((release, i) => {
      const digest = instancesDigest([{ id: release, address: '10.0.0.1:80' }])
      return { release, weight: edges[i]! - (edges[i - 1] ?? 0), slot: i + 1, digest }
    })
    const [release = ''] = releases
    return {
      revision,
      fence,
      nonce: 'abc123',
      pools,
      rules: [{ release, header: 'X-Preview', ...(value === undefined ? {} : { value }) }],
      affinity: salt === undefined ? undefined : { release, salt, cookie: 'uid' },
      claims: [{ slot: 7, nonce: 'def456' }],
    }
  })
