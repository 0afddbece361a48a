import type { Plan, Strategy, StrategyContext } from '@changeover/engine'
import { NEW, OLD } from './plan-maker.ts'

/** Ten instances of `old` in place, on a router that can do everything. */
const CONTEXT: StrategyContext = {
  service: 'shop',
  from: OLD,
  to: NEW,
  replicas: 10,
  running: 10,
  router: { rules: true, affinity: true, mirror: true },
}

/** The plan that the engine makes of a strategy. */
export function planFor(strategy: Strategy, context: Partial<StrategyContext> = {}): Plan {
  const { service, from, to, replicas, ...rest } = { ...CONTEXT, ...context }
  const written = strategy.plan({ service, from, to, replicas, ...rest })
  return { service, strategy: strategy.name, from, to, replicas, warnings: [], ...written }
}
