import type { Node, PartitionBoundSpec } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { atLeast, comparisonsOf, validChecks, valueOf } from './partition-bound.ts'
import type { Comparison, Value } from './partition-bound.ts'
import { nodeOf } from './rule-context.ts'

/** Whether no row for which the comparison holds can belong into the new partition. */
type Excludes = (comparison: Comparison) => boolean

/**
 * Whether valid checks of a default partition prove that none of its rows belong into a partition with these bounds, so that the
 * server need not look at them.
 *
 * @param key columns that the parent is partitioned by; nothing is proved where there are several, or an expression
 */
export function provesOutside(
  partition: Relation,
  bound: PartitionBoundSpec,
  key: readonly string[] = [],
): boolean {
  const [column] = key
  if (column === undefined || key.length > 1) return false
  const beyond = bound.strategy === 'l' ? isUnlisted(bound) : isOutOfRange(bound)
  const excludes: Excludes = (each) => each.column === column && beyond(each)
  return validChecks(partition).some((check) => isOutside(check, excludes))
}

/** One part of AND will do, while with OR it takes all; NOT makes one of the other. */
function isOutside(expression: Node, excludes: Excludes, negated = false): boolean {
  const { boolop, args = [] } = nodeOf(expression, 'BoolExpr') ?? {}
  if (boolop === 'NOT_EXPR') return args.every((each) => isOutside(each, excludes, !negated))
  if (boolop) {
    const enough = (boolop === 'AND_EXPR') !== negated
    return args[enough ? 'some' : 'every']((each) => isOutside(each, excludes, negated))
  }
  const all = comparisonsOf(expression)
  return negated
    ? all.length > 0 && all.every((each) => excludes(opposite(each)))
    : all.some(excludes)
}

const OPPOSITES: ReadonlyMap<string, string> = new Map([
  ['<', '>='],
  ['<=', '>'],
  ['>', '<='],
  ['>=', '<'],
  ['=', '<>'],
  ['<>', '='],
])

function opposite(comparison: Comparison): Comparison {
  return { ...comparison, operator: OPPOSITES.get(comparison.operator) ?? '' }
}

function isOutOfRange({ strategy, lowerdatums, upperdatums }: PartitionBoundSpec): Excludes {
  if (strategy !== 'r') return () => false
  const [lower] = valueOf(lowerdatums?.[0])
  const [upper] = valueOf(upperdatums?.[0])
  return ({ operator, values }) => values.every((each) => isBeyond(operator, each, lower, upper))
}

function isBeyond(operator: string, value: Value, lower?: Value, upper?: Value): boolean {
  const below = lower !== undefined && atLeast(lower, value)
  const above = upper !== undefined && atLeast(value, upper)
  if (operator === '<') return below
  if (operator === '<=') return below && value !== lower
  if (operator === '>' || operator === '>=') return above
  return operator === '=' && ((below && value !== lower) || above)
}

function isUnlisted({ listdatums = [] }: PartitionBoundSpec): Excludes {
  const listed = listdatums.flatMap(valueOf)
  const whole = listed.length === listdatums.length
  return ({ operator, values }) => {
    if (operator === '<>') return whole && listed.every((each) => values.includes(each))
    return operator === '=' && whole && !listed.some((each) => values.includes(each))
  }
}
