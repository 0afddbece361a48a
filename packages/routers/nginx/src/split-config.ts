import {
  type Affinity,
  FULL_WEIGHT,
  proportionalWeights,
  type RouteRule,
  type RouteTable,
} from '@changeover/engine'
import { headerVariable, literal, shortHash, upstreamName, variableName } from './conf-text.ts'

/** Which upstream has which share, in basis points. */
type Shares = readonly (readonly [upstream: string, weight: number])[]

/** Maps that lead each request of a table to an upstream, in the variable of the service; empty where there is no pool. */
export function splitConfig(table: RouteTable): string {
  const name = variableName(table.service)
  return [splitBlocks(table, name), ...chain(table, name, `$${name}_split`)].join('\n')
}

/** By cohort where the table has an affinity, else by weight. */
function splitBlocks(table: RouteTable, name: string): string {
  const { affinity, service, pools } = table
  const shares = pools.map(
    ({ release, weight }) => [upstreamName(service, release), weight] as const,
  )
  if (!affinity) return split('$request_id', `$${name}_split`, shares)
  const inside = upstreamName(service, affinity.release)
  const weight = shares.find(([upstream]) => upstream === inside)?.[1] ?? 0
  const others = shares.filter(([upstream]) => upstream !== inside)
  const rest = proportionalWeights(others.map(([, share]) => share))
  const { blocks, variable } = markOf(affinity, `${name}_user`)
  return [
    ...blocks,
    split('$request_id', `$${name}_any`, shares),
    split(
      '$request_id',
      `$${name}_rest`,
      others.map(([upstream], i) => [upstream, rest[i] ?? 0]),
    ),
    cohort(affinity, variable, `$${name}_cohort`, [inside, weight]),
    map(`$${name}_cohort`, `$${name}_keyed`, [['""', `$${name}_rest`]], `$${name}_cohort`),
    map(variable, `$${name}_split`, [['""', `$${name}_any`]], `$${name}_keyed`),
  ].join('\n')
}

/** The release first, so that whoever is in at a weight stays in at a greater one. The salt goes before the key. */
function cohort(
  { salt }: Affinity,
  variable: string,
  target: string,
  [inside, weight]: Shares[number],
): string {
  return split(`"${shortHash(salt)}:${variable.replace(/^\$(.*)$/, '${$1}')}"`, target, [
    ['""', FULL_WEIGHT - weight],
    [inside, weight],
  ])
}

/** `split_clients` refuses 0% and needs the last share as a rest: the first of `shares` is the rest. */
function split(key: string, target: string, shares: Shares): string {
  const served = shares.filter(([, weight]) => weight > 0)
  const [rest = ['""', FULL_WEIGHT], ...others] = served
  if (others.length === 0) return map('$request_id', target, [], rest[0])
  const parts = others.map(([upstream, weight]) => `  ${(weight / 100).toFixed(2)}% ${upstream};`)
  return [`split_clients ${key} ${target} {`, ...parts, `  * ${rest[0]};`, '}'].join('\n')
}

/** Maps from the last rule to the first, so that the first that matches decides; `base` is where no rule leads. */
export function chain({ service, rules = [] }: RouteTable, name: string, base: string): string[] {
  const links = rules.flatMap((rule, i) => {
    const { blocks, variable } = markOf(rule, `${name}_mark${i}`)
    const next = i + 1 === rules.length ? base : `$${name}_rule${i + 1}`
    const target = i === 0 ? `$${name}` : `$${name}_rule${i}`
    return [...blocks, link(rule, variable, target, upstreamName(service, rule.release), next)]
  })
  return links.length > 0 ? links : [map('$request_id', `$${name}`, [], base)]
}

/** nginx ignores case in plain strings of a map, so a value is a regular expression. */
function link(
  rule: RouteRule,
  variable: string,
  target: string,
  upstream: string,
  next: string,
): string {
  if (rule.value === undefined) return map(variable, target, [['""', next]], upstream)
  const found = `${rule.cookie === undefined ? '' : '='}${literal(rule.value)}`
  return map(variable, target, [[`"~^${found}\\z"`, upstream]], next)
}

interface Mark {
  readonly blocks: readonly string[]
  readonly variable: string
}

/**
 * A header is in a variable of nginx. So would a cookie be, were its name made of letters; and of several with one name the
 * first counts. Of an affinity, the value; of a rule, `=` and the value, so that an empty one is told from none.
 */
function markOf(place: RouteRule | Affinity, target: string): Mark {
  if (place.cookie === undefined)
    return { blocks: [], variable: headerVariable(place.header ?? '') }
  // A group of a regular expression may have a name of 32 characters.
  const groups = `co_${shortHash(target)}`
  const quoted = `${groups}_q`
  const plain = `${groups}_p`
  const name = literal(place.cookie)
  const value = `(?:\\x22(?<${quoted}>[^;]*)\\x22|(?<${plain}>[^;]*?))`
  const pattern = `"~(?:^|;)[ \\t]*${name}[ \\t]*=[ \\t]*${value}[ \\t]*(?:;|\\z)"`
  const sign = 'salt' in place ? '' : '='
  const found = `"${sign}\${${quoted}}\${${plain}}"`
  return {
    blocks: [map('$http_cookie', `$${target}`, [[pattern, found]], '""')],
    variable: `$${target}`,
  }
}

function map(
  source: string,
  target: string,
  entries: readonly (readonly [pattern: string, value: string])[],
  otherwise: string,
): string {
  const lines = entries.map(([pattern, value]) => `  ${pattern} ${value};`)
  return [`map ${source} ${target} {`, ...lines, `  default ${otherwise};`, '}'].join('\n')
}
