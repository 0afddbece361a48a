import { expect, test } from 'vitest'
import { restore } from '../src/restore.ts'
import { planFor } from './strategy-maker.ts'

const times = { minReadyMs: 0, readyWithinMs: 60_000 }
const leave = (release: string) => [
  { step: 'drain', release, deadlineMs: 30_000, onDeadline: 'force' },
  { step: 'stop', release, deadlineMs: 30_000 },
]

test('a recorded release gets its capacity, then all traffic in one table, and everything else goes', () => {
  const plan = planFor(restore(), { running: 4, replicas: 6, others: { third: 2, fourth: 1 } })
  expect(plan.strategy).toBe('rollback')
  expect(plan.steps).toStrictEqual([
    { step: 'launch', release: 'new', instances: 6, ...times },
    { step: 'shift', weights: { new: 10_000 } },
    ...leave('old'),
    ...leave('fourth'),
    ...leave('third'),
  ])
  expect(plan.capacity).toStrictEqual({ maxTotal: 13, minAvailable: 4 })
})

test('where that release does not stand either, it goes back to the one it came from', () => {
  expect(planFor(restore()).rollback).toStrictEqual([
    { step: 'launch', release: 'old', instances: 10, ...times, readyWithinMs: 180_000 },
    { step: 'shift', weights: { old: 10_000 } },
    ...leave('new'),
  ])
})
