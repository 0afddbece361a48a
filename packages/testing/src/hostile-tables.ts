import { FULL_WEIGHT, type RouteTable } from '@changeover/engine'
import type { RouterBench } from './router-bench.ts'

/** Puts a text in a table. */
export type Place = (table: RouteTable, text: string) => RouteTable

/** Where text of a table comes from somebody else. */
export const PLACES: Readonly<Record<string, Place>> = {
  'names of releases and instances': (table, text) => {
    const named = changedInstance(table, { id: text })
    const pools = named.pools.map((pool) =>
      pool.release === 'b' ? { ...pool, release: text } : pool,
    )
    return { ...named, pools }
  },
  'addresses of instances': (table, text) => changedInstance(table, { address: text }),
  'names of headers': (table, text) => ({ ...table, rules: [{ release: 'b', header: text }] }),
  'names of cookies': (table, text) => ({ ...table, rules: [{ release: 'b', cookie: text }] }),
  'values of marks': (table, text) => ({
    ...table,
    rules: [
      { release: 'b', header: 'x-preview', value: text },
      { release: 'b', cookie: 'preview', value: text },
    ],
  }),
  'salts of cohorts': (table, text) => ({
    ...table,
    affinity: { release: 'b', salt: text, cookie: 'uid' },
  }),
  'names of services': (table, text) => ({ ...table, service: text }),
}

const ODD_NUMBERS = [-1, 0.5, Number.NaN, Infinity, 10_001, 2 ** 53, '5000', null]
const ODD_ADDRESSES = ['127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', ':80', 'http://a:80', '[::1]']

/** Tables with numbers and addresses that are none: what no type would let through, and plain JavaScript does. */
export async function oddTables({ table }: Pick<RouterBench, 'table'>): Promise<RouteTable[]> {
  const odd: RouteTable[] = []
  for (const value of ODD_NUMBERS) {
    const plain = await table({ a: FULL_WEIGHT, b: 0 })
    const [a, b] = plain.pools
    odd.push(odded(plain, { pools: [a, { ...b, weight: value }] }))
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) continue
    odd.push(odded(plain, { revision: value }), odded(plain, { fence: value }))
  }
  for (const address of ODD_ADDRESSES)
    odd.push(changedInstance(await table({ a: FULL_WEIGHT, b: 0 }), { address }))
  return odd
}

function odded(table: RouteTable, change: Readonly<Record<string, unknown>>): RouteTable {
  return Object.assign({ ...table }, change)
}

function changedInstance(
  table: RouteTable,
  change: { readonly id?: string; readonly address?: string },
): RouteTable {
  const pools = table.pools.map(({ release, weight, instances }) => {
    const changed = instances.map((one) => (release === 'b' ? { ...one, ...change } : one))
    return { release, weight, instances: changed }
  })
  return { ...table, pools }
}
