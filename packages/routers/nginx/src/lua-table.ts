import { parseAddress, proportionalWeights, type RouteTable } from '@changeover/engine'
import { asciiJson } from './own-file.ts'
import { readTable } from './stored.ts'

/**
 * A table as the Lua program reads it: a line for each pool, instance and rule, texts in hexadecimal, and the table itself
 * as JSON to be read back. Nothing of a text is ever read as a part of the format.
 *
 * @param ips by host name, since nginx does not look names up for each request
 */
export function luaTable(table: RouteTable, ips: ReadonlyMap<string, string>): string {
  const { pools, rules = [], affinity, revision, fence } = table
  const lines = [
    'changeover 1',
    ...pools.flatMap(({ release, weight, instances }) => [
      `pool ${hex(release)} ${weight}`,
      ...instances.map(({ id, address }) => `instance ${hex(id)} ${peer(address, ips)}`),
    ]),
    ...rules.map(
      (rule) => `rule ${mark(rule)}${rule.value === undefined ? '' : ` ${hex(rule.value)}`}`,
    ),
    ...(affinity
      ? [`affinity ${mark(affinity)} ${hex(affinity.salt)}`, rest(table, affinity.release)]
      : []),
    `table ${revision} ${fence} ${asciiJson(table)}`,
    'end',
  ]
  return `${lines.join('\n')}\n`
}

/** The table in the text that {@link luaTable} made; undefined where it is not such a text. */
export function parseLuaTable(text: string): RouteTable | undefined {
  const [, json] = /^table -?\d+ -?\d+ (\{.*\})$/m.exec(text) ?? []
  if (json === undefined || !text.endsWith('\nend\n')) return undefined
  return readTable(json)
}

/** Revision and fence of a text that {@link parseLuaTable} makes nothing of, as the Lua program reads them. */
export function luaStamp(text: string): { readonly revision: number; readonly fence: number } {
  const [, revision = '0', fence = '0'] = /^table (-?\d+) (-?\d+) /m.exec(text) ?? []
  return { revision: Number(revision), fence: Number(fence) }
}

/** Text in hexadecimal, marked so that none is empty. */
export function hex(text: string): string {
  return `x${Buffer.from(text).toString('hex')}`
}

interface Mark {
  readonly release: string
  readonly header?: string
  readonly cookie?: string
}

function mark({ release, header, cookie }: Mark): string {
  const [place, name] = cookie === undefined ? ['header', header ?? ''] : ['cookie', cookie]
  return `${hex(release)} ${place} ${hex(name)}`
}

function peer(address: string, ips: ReadonlyMap<string, string>): string {
  const { host, port } = parseAddress(address) ?? { host: '', port: 0 }
  const ip = ips.get(host) ?? host
  return `${ip.includes(':') ? `[${ip}]` : ip} ${port}`
}

/** Shares of everybody whom the affinity leaves out. */
function rest({ pools }: RouteTable, release: string): string {
  const others = pools.map((pool) => (pool.release === release ? 0 : pool.weight))
  return `rest ${proportionalWeights(others).join(' ')}`
}
