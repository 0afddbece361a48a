import type { Strategy, StrategyContext, StrategyPlan } from './strategy.ts'
import { readTimes, type StrategyTimes } from './strategy-times.ts'
import { allTo, bringTo, leave, leaveAll, leftBehind, wayBack } from './way-back.ts'

/**
 * Goes to a recorded release that has served before: capacity first (nothing to launch where its instances are still
 * up), then all traffic in one table, then every other release goes. No gates: it was promoted once.
 */
export function restore(): Strategy {
  const times = readTimes({}, 'rollback')
  return Object.freeze({
    name: 'rollback',
    plan: (context: StrategyContext) => planRestore(context, times),
  })
}

function planRestore(context: StrategyContext, times: StrategyTimes): StrategyPlan {
  const { from, to, replicas, running, others } = context
  return {
    steps: [
      bringTo(to.id, replicas, times),
      allTo(to.id),
      ...(from ? leave(from.id, times.drain) : []),
      ...leaveAll(others, times),
    ],
    rollback: wayBack(context, times),
    capacity: {
      maxTotal: running + leftBehind(context) + replicas,
      minAvailable: Math.min(running, replicas),
    },
  }
}
