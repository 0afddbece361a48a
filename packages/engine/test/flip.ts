import { defineStrategy, type Step, type Strategy } from '@changeover/engine'

/** A strategy of an embedder's own: all at once beside the old release, gates, flip, more gates, clean up. */
export function flip(...gates: Step[]): Strategy {
  return flipAround(gates)
}

export function flipAround(before: readonly Step[], after: readonly Step[] = []): Strategy {
  const times = { minReadyMs: 0, readyWithinMs: 60_000 }
  const drain = { deadlineMs: 30_000, onDeadline: 'force' } as const
  const leave = (release: string): Step[] => [
    { step: 'drain', release, ...drain },
    { step: 'stop', release, deadlineMs: 30_000 },
  ]
  return defineStrategy({
    name: 'flip',
    plan: ({ from, to, replicas }) => ({
      steps: [
        { step: 'launch', release: to.id, instances: replicas, ...times },
        ...before,
        { step: 'shift', weights: { [to.id]: 10_000 } },
        ...after,
        ...(from ? leave(from.id) : []),
      ],
      rollback: [
        ...(from
          ? [{ step: 'launch' as const, release: from.id, instances: replicas, ...times }]
          : []),
        { step: 'shift', weights: from ? { [from.id]: 10_000 } : {} },
        ...leave(to.id),
      ],
      capacity: { maxTotal: replicas * 2, minAvailable: replicas },
    }),
  })
}
