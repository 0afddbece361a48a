import { chainProblem, type Entry, refuse } from '@changeover/engine'
import type { Database } from './database.ts'
import { checkName } from './names.ts'
import type { Tables } from './tables.ts'

/** What is asked of the database: that these entries come behind number `expectedSeq`. */
export interface AppendRequest {
  readonly rollout: string
  readonly expectedSeq: number
  readonly entries: readonly Entry[]
}

interface Appended {
  readonly status: 'appended' | 'conflict' | 'stale' | 'broken'
  readonly actual: number
  readonly current_fence: string | null
  readonly current_service: string | null
}

/**
 * Appends in one statement. Where its reply was lost it is repeated, and finding the same entries there is no conflict.
 *
 * @throws ChangeoverError `CHANGEOVER_CONFLICT`, `CHANGEOVER_FENCE_STALE`, `CHANGEOVER_ENTRY_INVALID`
 */
export async function append(
  database: Database,
  tables: Tables,
  request: AppendRequest,
): Promise<void> {
  checkName('rolloutId', request.rollout)
  const { entries, rollout, expectedSeq } = request
  const bad = entries.findIndex((_, index) => problemAt(request, index) !== undefined)
  if (entries.length === 0 || bad >= 0) {
    assertStandsAt(request, await nextSeqOf(database, tables, rollout))
    if (bad < 0) return
    throw invalid(rollout, expectedSeq + bad, problemAt(request, bad))
  }
  const sql = `select * from ${tables.appendEntries}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
  const [result] = await database.rows<Appended>('append', sql, (again) => [
    ...parameters(request),
    again,
  ])
  if (result) settle(request, result)
}

/** The number of the entry that comes next. */
async function nextSeqOf(database: Database, tables: Tables, rollout: string): Promise<number> {
  const sql = `select next_seq from ${tables.rollouts} where id = $1`
  const [row] = await database.rows<{ next_seq: number }>('append', sql, [rollout])
  return row?.next_seq ?? 0
}

/** What is wrong with one of the entries, given those before it. The first one's predecessor is known by its hash alone. */
function problemAt(
  { rollout, expectedSeq, entries }: AppendRequest,
  index: number,
): string | undefined {
  const entry = entries[index]
  if (!entry) return 'it is missing'
  if (entry.rollout !== rollout) return `it belongs to rollout "${entry.rollout}"`
  const unknown =
    expectedSeq === 0 ? undefined : { ...entry, seq: expectedSeq - 1, hash: entry.prev }
  return chainProblem(entry, index === 0 ? unknown : entries[index - 1])
}

function parameters({ rollout, expectedSeq, entries }: AppendRequest): unknown[] {
  const [first] = entries
  const last = entries.at(-1)
  const created = first?.type === 'created' ? first : undefined
  const finished = last?.type === 'finished' ? last : undefined
  return [
    rollout,
    created ? checkName('service', created.plan.service) : null,
    expectedSeq,
    entries.map((entry) => JSON.stringify(entry)),
    entries.map(({ hash }) => hash),
    first?.prev,
    Math.min(...entries.map(({ fence }) => fence)),
    last?.fence,
    created ? JSON.stringify(summaryOf(created)) : null,
    created?.at ?? null,
    finished?.at ?? null,
    finished?.outcome ?? null,
  ]
}

function summaryOf({ plan: { from, to, replicas } }: Extract<Entry, { type: 'created' }>): object {
  return { from, to, replicas }
}

function settle(request: AppendRequest, { status, actual, ...now }: Appended): void {
  const { rollout, expectedSeq, entries } = request
  if (status === 'appended') return
  if (status === 'conflict') assertStandsAt(request, actual)
  if (status === 'broken')
    throw invalid(rollout, expectedSeq, 'it does not follow the entry before it')
  throw refuse('CHANGEOVER_FENCE_STALE', {
    fence: Math.min(...entries.map(({ fence }) => fence)),
    service: now.current_service ?? rollout,
    current: `fence ${now.current_fence ?? 'unknown'}`,
  })
}

function assertStandsAt({ rollout, expectedSeq: expected }: AppendRequest, actual: number): void {
  if (actual !== expected) throw refuse('CHANGEOVER_CONFLICT', { rollout, actual, expected })
}

function invalid(rollout: string, seq: number, problem: string | undefined): Error {
  return refuse('CHANGEOVER_ENTRY_INVALID', { rollout, seq, problem })
}
