import type { RouterCapabilities } from '@changeover/engine'
import { noFailures, type WireFailure, wireFailures } from './wire-exchange.ts'

/** How many requests may fail in which way. */
export type DropBudget = Readonly<Record<WireFailure, number>>

/** The load that a budget is for. */
export interface BudgetedLoad {
  readonly keepAlive: number
  readonly fresh: number
  readonly cutovers: number
}

/**
 * What changes of the routes may cost at worst, by what the router says that they may cut: nothing; with `idle`, each
 * connection that is used again once for each change; with `new`, each client one new connection for each change. No
 * router may ever answer with an error, in part, with what is no answer, or not at all.
 */
export function dropBudget(
  { drops = [] }: RouterCapabilities,
  { keepAlive, fresh, cutovers }: BudgetedLoad,
): DropBudget {
  const reused = drops.includes('idle') ? keepAlive * cutovers : 0
  const opened = drops.includes('new') ? (keepAlive + fresh) * cutovers : 0
  return { ...noFailures(), 'reset-on-reused': reused, 'reset-on-fresh': opened, refused: opened }
}

/** What goes beyond the budget, in words. */
export function beyondBudget(counts: DropBudget, budget: DropBudget): string[] {
  return wireFailures
    .filter((way) => counts[way] > budget[way])
    .map((way) => `${counts[way]} × ${way}, where ${budget[way]} may be`)
}
