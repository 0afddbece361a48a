import type { RolloutFilter, RolloutSummary } from '@changeover/engine'
import { expendable } from '@changeover/engine'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

interface RolloutRow {
  readonly id: string
  readonly service: string
  readonly summary: string
  readonly started_at: number
  readonly finished_at: number | null
  readonly outcome: RolloutSummary['outcome'] | null
}

/** Oldest first; those of one instant by their ids, by the bytes of them. */
export async function listRollouts(
  database: Database,
  { rollouts }: Tables,
  { service, open }: RolloutFilter,
): Promise<readonly RolloutSummary[]> {
  const rows = await database.rows<RolloutRow>(
    'rollouts',
    `select id, service, summary, started_at, finished_at, outcome from ${rollouts}
     where service is not null and ($1::text is null or service = $1) and ($2::boolean is null or (outcome is null) = $2)
     order by started_at, id collate "C"`,
    [service ?? null, open ?? null],
  )
  return rows.map(summaryOf)
}

function summaryOf({ id, service, summary, ...row }: RolloutRow): RolloutSummary {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by append
  const { from, to, replicas } = JSON.parse(summary) as Pick<
    RolloutSummary,
    'from' | 'to' | 'replicas'
  >
  return {
    id,
    service,
    from,
    to,
    replicas,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
    outcome: row.outcome ?? undefined,
  }
}

/** Deletes what may go of the service whose rollout has just finished. */
export async function forgetOld(
  database: Database,
  tables: Tables,
  { finished, retain }: { readonly finished: string; readonly retain: number },
): Promise<void> {
  const sql = `select service from ${tables.rollouts} where id = $1`
  const [row] = await database.rows<{ service: string | null }>('forget', sql, [finished])
  const service = row?.service ?? undefined
  if (service === undefined) return
  const gone = expendable(await listRollouts(database, tables, { service }), retain)
  if (gone.length === 0) return
  await database.rows(
    'forget',
    `with gone as (delete from ${tables.rollouts} where id = any ($1)),
     told as (delete from ${tables.commands} where rollout = any ($1))
     delete from ${tables.entries} where rollout = any ($1)`,
    [gone],
  )
}
