import type { FuncCall } from 'libpg-query'
import type { Catalog } from '../catalog/catalog.ts'
import { STEADY_FUNCTIONS, VOLATILE_FUNCTIONS } from './function-volatility.ts'
import { listName } from './object-names.ts'
import { findAll } from './rule-context.ts'

/** How often the server computes an expression: once, once a statement, or for each row; `unknown` where nobody says. */
export type Volatility = 'constant' | 'stable' | 'unknown' | 'volatile'

const ORDER: readonly Volatility[] = ['constant', 'stable', 'unknown', 'volatile']

/** The volatility of the most volatile part of an expression. */
export function volatilityOf(expression: unknown, catalog: Catalog): Volatility {
  const calls = findAll(expression, 'FuncCall').map((call) => callVolatility(call, catalog))
  const values = findAll(expression, 'SQLValueFunction').map(() => 'stable' as const)
  return [...calls, ...values].reduce<Volatility>(worse, 'constant')
}

function callVolatility({ funcname }: FuncCall, catalog: Catalog): Volatility {
  const name = listName(funcname)
  const declared = catalog.functionVolatility(name)
  if (declared) return declared === 'immutable' ? 'constant' : declared
  if (VOLATILE_FUNCTIONS.has(name.name)) return 'volatile'
  return STEADY_FUNCTIONS.has(name.name) ? 'stable' : 'unknown'
}

function worse(one: Volatility, other: Volatility): Volatility {
  return ORDER.indexOf(one) >= ORDER.indexOf(other) ? one : other
}
