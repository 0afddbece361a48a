import { blockQueries } from './block-queries.ts'
import type { BlockQuery } from './block-queries.ts'
import { createDraft } from './draft.ts'
import type { Draft, DraftParts } from './draft.ts'
import { parseDoBlock, parseSql } from './parser.ts'
import type { ParsedStatement } from './parser.ts'
import type { Unreadable } from './statement.ts'

/** What is known of a DO block. */
interface Block {
  readonly language: string
  readonly body: string
}

/** A statement with those inside of it, where it is a DO block. Undefined where the block cannot be read. */
export function readDraft(parts: DraftParts, unreadable: Unreadable[]): Draft | undefined {
  const draft = createDraft(parts)
  const block = blockOf(draft)
  if (block === undefined) return draft
  if (block.language !== 'plpgsql') return Object.assign(draft, { dynamic: true })
  const found = parseDoBlock(parts.sql)
  if ('problem' in found) {
    const { problem } = found
    unreadable.push({ rule: 'syntax-error', place: draft.place, problem, statement: parts.sql })
    return undefined
  }
  const toPlace = placesIn(block.body, parts)
  const queries = blockQueries(found.tree, block.body)
  const commits = queries.some(({ text, inLoop }) => inLoop && text === 'COMMIT')
  const read = queries.map((query) => {
    const result = readQuery(query, toPlace, unreadable)
    if (query.inLoop && !commits) for (const one of result.drafts) one.repeated = true
    return result
  })
  const inner = read.flatMap(({ drafts }) => drafts)
  inner.forEach((one, index) => (one.index = index))
  draft.inner = inner
  draft.dynamic = read.some(({ opaque }) => opaque) || inner.some(({ dynamic }) => dynamic)
  return draft
}

function blockOf({ node }: Draft): Block | undefined {
  if (!('DoStmt' in node)) return undefined
  const options = new Map<string | undefined, string>()
  for (const option of node.DoStmt.args ?? []) {
    if (!('DefElem' in option)) continue
    const { defname, arg } = option.DefElem
    if (arg !== undefined && 'String' in arg) options.set(defname, arg.String.sval ?? '')
  }
  return { language: options.get('language') ?? 'plpgsql', body: options.get('as') ?? '' }
}

/** Where an offset of the body is in the file. A body with escapes is taken to be all in one place. */
function placesIn(body: string, { sql, placeAt }: DraftParts): DraftParts['placeAt'] {
  const verbatim = sql.indexOf(body)
  if (verbatim >= 0) return (offset) => placeAt(verbatim + offset)
  const doubled = sql.indexOf(body.replaceAll("'", "''"))
  if (doubled < 0) return () => placeAt(0)
  return (offset) => placeAt(doubled + offset + body.slice(0, offset).split("'").length - 1)
}

/** What a query in a block comes to. */
interface QueryRead {
  readonly drafts: readonly Draft[]
  /** It cannot be told what will run. */
  readonly opaque: boolean
}

const OPAQUE: QueryRead = { drafts: [], opaque: true }

function readQuery(
  query: BlockQuery,
  toPlace: DraftParts['placeAt'],
  unreadable: Unreadable[],
): QueryRead {
  const text = query.executed ? constantOf(query.text) : query.text
  if (text === undefined) return OPAQUE
  const prefix = query.isExpression && !query.executed ? 'SELECT ' : ''
  const parsed = parseSql(prefix + text)
  if ('problem' in parsed) return OPAQUE
  const at = query.executed
    ? () => toPlace(query.offset)
    : (offset: number) => toPlace(query.offsetOf(offset))
  const drafts = parsed.map((statement) =>
    readDraft(partsOf(statement, text, prefix, at), unreadable),
  )
  return { drafts: drafts.filter((draft) => draft !== undefined), opaque: false }
}

function partsOf(
  parsed: ParsedStatement,
  text: string,
  prefix: string,
  placeAt: DraftParts['placeAt'],
): DraftParts {
  const bytes = Buffer.from(text)
  const start = Math.max(0, parsed.start - prefix.length)
  const end =
    parsed.length === undefined ? bytes.length : parsed.start + parsed.length - prefix.length
  const sql = bytes.toString('utf8', start, end)
  const units = bytes.toString('utf8', 0, start).length
  return {
    index: 0,
    sql,
    parsed,
    byteStart: start + prefix.length,
    placeAt: (offset) => placeAt(units + offset),
  }
}

/** The text of `EXECUTE 'text'`; undefined where it is put together. */
function constantOf(expression: string): string | undefined {
  const parsed = parseSql(`SELECT ${expression}`)
  if ('problem' in parsed || parsed.length !== 1) return undefined
  const node = parsed[0]?.node
  if (node === undefined || !('SelectStmt' in node)) return undefined
  const { targetList = [], ...clauses } = node.SelectStmt
  const [target, ...others] = targetList
  if (target === undefined || others.length > 0 || clauses.fromClause !== undefined)
    return undefined
  const value = 'ResTarget' in target ? target.ResTarget.val : undefined
  return value !== undefined && 'A_Const' in value ? value.A_Const.sval?.sval : undefined
}
