import { FULL_WEIGHT, type Router, type RouteTable } from '@changeover/engine'
import { watchCohorts } from './cohort-observer.ts'
import type { Watch } from './watch.ts'
import { routedIds } from './routed-ids.ts'

/** A router whose tables are checked against the rules. */
export function watchRouter(watch: Watch): Router {
  const { ledger, changed, violate } = watch
  const { router } = watch.observed
  const checkCohorts = watchCohorts(violate)
  return {
    ...router,
    async apply(table, options) {
      const sum = table.pools.reduce((total, { weight }) => total + weight, 0)
      if (table.pools.length > 0 && sum !== FULL_WEIGHT) violate(2, `weights sum to ${sum}`)
      const before = await router.observe(table.service)
      const receipt = await router.apply(table, options)
      if (receipt.outcome !== 'applied') return receipt
      checkFence(watch, table, before.fence)
      checkMembers(watch, table)
      checkWeight(watch, table)
      checkExtras(watch, table)
      checkCohorts(table, watch.observed.journal?.() ?? watch)
      enter(watch, table)
      changed('route')
      return receipt
    },
    async drain(service, instances, options) {
      const report = await router.drain(service, instances, options)
      const left = instances.filter((id) => !routedIds(ledger.table).has(id))
      for (const id of left) ledger.drained.add(id)
      return report
    },
  }
}

function checkFence({ violate, observed }: Watch, table: RouteTable, fence: number): void {
  if (table.fence < fence) violate(6, `fence ${table.fence} routes after fence ${fence}`)
  const journal = observed.journal?.()
  if (!journal) return
  if (journal.isOver()) violate(7, `revision ${table.revision} is applied after the end`)
  if (!journal.intended('routes-intended', table.revision))
    violate(5, `revision ${table.revision} is applied before it was journaled`)
}

function checkMembers({ ledger, violate }: Watch, table: RouteTable): void {
  for (const id of routedIds(table)) {
    if (ledger.stopping.has(id)) violate(1, `the table names ${id}, which was asked to stop`)
    else if (!ledger.ready.has(id) && !ledger.dead.has(id))
      violate(1, `the table names ${id}, which never was ready`)
  }
}

function checkWeight({ observed, ledger, violate }: Watch, table: RouteTable): void {
  const journal = observed.journal?.()
  if (!journal) return
  const before = weightOf(ledger.table, observed.to)
  const now = weightOf(table, observed.to)
  if (now <= before) return
  const alone = table.pools.every(({ release }) => release === observed.to)
  // Where nobody else is ready it serves on: a service never goes to zero.
  if (journal.isBack() && !alone)
    violate(8, `${observed.to} gets ${now} after ${before} on the way back`)
  const allowed = journal.allowedWeight()
  if (now > allowed) violate(2, `${observed.to} gets ${now}, and gates were passed for ${allowed}`)
}

function weightOf(table: RouteTable, release: string): number {
  return table.pools.find((pool) => pool.release === release)?.weight ?? 0
}

function checkExtras(
  { observed, violate }: Watch,
  { rules = [], affinity, mirror }: RouteTable,
): void {
  if (!observed.journal?.().isBack()) return
  const left = [...rules, affinity, mirror].find((one) => one?.release === observed.to)
  if (left) violate(8, `a rule, an affinity or a mirror leads to ${observed.to} on the way back`)
}

/** The table is in force: who serves now, and who has to be drained again. */
function enter({ observed, ledger, violate }: Watch, table: RouteTable): void {
  const { minAvailable } = observed.plan.capacity
  const before = ledger.serving
  ledger.table = table
  const routed = [...routedIds(table)]
  ledger.serving = routed.filter((id) => ledger.ready.has(id)).length
  const known = routed.filter((id) => ledger.ready.has(id) || ledger.dead.has(id))
  const serve = observed.disturbed ? known.length : ledger.serving
  if (serve < Math.min(before, minAvailable) && !observed.disturbed) {
    violate(4, `${serve} serve, ${minAvailable} must`)
  }
  if (serve === 0 && before > 0 && minAvailable > 0) violate(4, 'nobody serves any more')
  // Whoever is given requests again has to be drained again.
  for (const id of routed) ledger.drained.delete(id)
}
