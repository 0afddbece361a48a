import type { Effect } from '../rules/effect.ts'
import { breaking, harmless, refused, undecided } from '../rules/effects.ts'
import type { LiteStatement } from './statement-kind.ts'

/** By the words of the database, which rule it is that refuses. */
const BY_WORDS: readonly (readonly [RegExp, string])[] = [
  [/NOT NULL column/, 'add-column-required'],
  [/non-constant default/, 'add-column-volatile-default'],
  [/add a UNIQUE column/, 'add-unique-constraint'],
  [/add a PRIMARY KEY column/, 'add-primary-key'],
  [/REFERENCES column/, 'add-column-references-default'],
  [/add a STORED column/, 'add-column-generated-stored'],
  [/CHECK constraint failed/, 'add-check-valid'],
]

const BY_KIND: Readonly<Partial<Record<LiteStatement['kind'], string>>> = {
  'drop-column': 'drop-column',
  'rename-column': 'rename-column',
  'rename-table': 'rename-table',
}

/** What the database refuses stops the migration there. */
export function refusalEffect(
  statement: LiteStatement,
  problem: string,
  complete: boolean,
): Effect {
  const { table, column, to, kind } = statement
  const names = {
    table,
    column,
    new: to,
    object: table,
    problem,
    type: '',
    kind: 'table',
    columns: column,
  }
  if (!complete && /^no such (?:table|index|view|trigger)/.test(problem))
    return assumed(statement, names)
  if (/syntax error|incomplete input|unrecognized token/.test(problem))
    return undecided('syntax-error', [], names)
  if (/^no such (?:function|module|collation)|may not be/.test(problem))
    return undecided('unparsed', ['compat'], names)
  const rule = BY_WORDS.find(([words]) => words.test(problem))?.[1] ?? BY_KIND[kind]
  return {
    ...refused(rule ?? 'server-refuses', names),
    ...(rule === undefined ? {} : { text: 'sqlite/refused' }),
  }
}

const TAKING: ReadonlySet<string> = new Set([
  'drop-column',
  'rename-column',
  'rename-table',
  'drop-table',
  'drop-view',
])
const HARMLESS: ReadonlySet<string> = new Set(['create-index', 'drop-index', 'query', 'insert'])

/** Without a schema, what the words of the statement tell. */
function assumed({ kind, bounded }: LiteStatement, names: Effect['names']): Effect {
  if (TAKING.has(kind)) return breaking(kind, names)
  if (HARMLESS.has(kind) || (kind === 'write' && bounded)) return harmless(kind, names)
  return undecided('unparsed', ['compat'], names)
}
