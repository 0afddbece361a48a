import type { AlterFunctionStmt, CreateFunctionStmt, Node } from 'libpg-query'
import { findIn, keyOf, targetSchema, typeOf } from './state.ts'
import type { CatalogState, FunctionEntry } from './state.ts'
import { nameOf, payload, words } from './syntax.ts'

/** Functions are known by name, over all signatures: what any of them is, a call of that name may be. */
export function createFunction(state: CatalogState, statement: CreateFunctionStmt): boolean {
  const name = nameOf(words(statement.funcname))
  const schema = name === undefined ? undefined : targetSchema(state, name)
  if (name === undefined || schema === undefined) return false
  const key = keyOf(schema, name.name)
  const before = state.functions.get(key)
  const volatility = volatilityOf(statement.options) ?? 'volatile'
  const unsure = statement.replace === true && !state.complete
  const [takes, gives] = signatureOf(state, statement)
  const there = before?.results.get(takes)
  if (there !== undefined && (statement.replace !== true || there !== gives)) return false
  const results = new Map([...(before?.results ?? []), [takes, gives]])
  const isNew = before?.isNew ?? (state.sealed && !unsure)
  state.journal.write<string, FunctionEntry>(state.functions, key, { volatility, isNew, results })
  return true
}

/** Types that it takes, and what it gives back. */
function signatureOf(
  state: CatalogState,
  { parameters, returnType }: CreateFunctionStmt,
): [takes: string, gives: string] {
  const all = (parameters ?? []).flatMap((node) => payload(node, 'FunctionParameter') ?? [])
  const told = (out: boolean) =>
    all
      .filter(({ mode = '' }) => OUTPUT.has(mode) === out)
      .map(({ argType, name }) => [typeOf(state, argType), out ? name : undefined])
  const gives = [typeOf(state, returnType), returnType?.setof ?? false, told(true)]
  return [JSON.stringify(told(false)), JSON.stringify(gives)]
}

const OUTPUT: ReadonlySet<string> = new Set(['FUNC_PARAM_OUT', 'FUNC_PARAM_TABLE'])

export function alterFunction(state: CatalogState, statement: AlterFunctionStmt): boolean {
  const name = nameOf(words(statement.func?.objname))
  const volatility = volatilityOf(statement.actions)
  const known = name === undefined ? undefined : findIn(state, state.functions, name)
  if (name === undefined || known === undefined || volatility === undefined) return true
  for (const [key, entry] of state.functions) {
    if (entry === known)
      state.journal.write<string, FunctionEntry>(state.functions, key, { ...known, volatility })
  }
  return true
}

function volatilityOf(
  options: readonly Node[] | undefined,
): FunctionEntry['volatility'] | undefined {
  for (const node of options ?? []) {
    const option = payload(node, 'DefElem')
    const word = payload(option?.arg, 'String')?.sval
    if (option?.defname === 'volatility' && isVolatility(word)) return word
  }
  return undefined
}

function isVolatility(word: string | undefined): word is FunctionEntry['volatility'] {
  return word === 'immutable' || word === 'stable' || word === 'volatile'
}
