import { chainProblem, type Entry, refuse } from '@changeover/engine'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

/** Entries asked for at a time. */
const PAGE = 500

interface Head {
  readonly next_seq: number
  readonly last_hash: string
}

/**
 * A journal as it stands at the first question, page by page, from the entry behind `after`. Its end is checked as well: a journal
 * whose last entries are gone is damaged.
 *
 * @throws ChangeoverError `CHANGEOVER_JOURNAL_CORRUPT`
 */
export async function* readJournal(
  database: Database,
  tables: Tables,
  { rollout, after }: { readonly rollout: string; readonly after: Entry | undefined },
): AsyncGenerator<Entry> {
  const head = await headOf(database, tables, rollout)
  if (!head) return
  const sql = `select seq, line from ${tables.entries} where rollout = $1 and seq >= $2 and seq < $3 order by seq limit ${PAGE}`
  let last = after
  for (let next = nextOf(last); next < head.next_seq; next = nextOf(last)) {
    const lines = await database.rows<{ line: string }>('read', sql, [rollout, next, head.next_seq])
    if (lines.length === 0) throw await missing(database, tables, { rollout, seq: next })
    for (const { line } of lines) {
      last = decode(line, rollout, last)
      yield last
    }
  }
  const whole = last === undefined || last.seq >= head.next_seq || last.hash === head.last_hash
  if (!whole) throw corrupt(rollout, nextOf(last) - 1, 'it is not the entry that was written last')
}

async function headOf(
  database: Database,
  tables: Tables,
  rollout: string,
): Promise<Head | undefined> {
  const sql = `select next_seq, last_hash from ${tables.rollouts} where id = $1`
  const [head] = await database.rows<Head>('read', sql, [rollout])
  return head
}

function nextOf(last: Entry | undefined): number {
  return (last?.seq ?? -1) + 1
}

function decode(line: string, rollout: string, previous: Entry | undefined): Entry {
  const entry = parse(line)
  const problem = entry ? problemOf(entry, rollout, previous) : 'it is not an entry'
  if (entry && problem === undefined) return entry
  throw corrupt(rollout, nextOf(previous), problem ?? 'it cannot be read')
}

function problemOf(entry: Entry, rollout: string, previous: Entry | undefined): string | undefined {
  const problem = chainProblem(entry, previous)
  if (problem !== undefined || entry.rollout === rollout) return problem
  return `it belongs to rollout "${entry.rollout}"`
}

function parse(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its hash vouches for everything in it
    return typeof value === 'object' && value !== null ? (value as Entry) : undefined
  } catch {
    return undefined
  }
}

/** One that was deleted while it was read, by whoever keeps only the newest, is not damaged. */
async function missing(
  database: Database,
  tables: Tables,
  { rollout, seq }: { readonly rollout: string; readonly seq: number },
): Promise<Error> {
  const head = await headOf(database, tables, rollout)
  return head
    ? corrupt(rollout, seq, 'it is missing')
    : refuse('CHANGEOVER_ROLLOUT_UNKNOWN', { rollout })
}

function corrupt(rollout: string, seq: number, problem: string): Error {
  const path = 'its row in the table entries'
  return refuse('CHANGEOVER_JOURNAL_CORRUPT', { rollout, seq, offset: 0, problem, path })
}
