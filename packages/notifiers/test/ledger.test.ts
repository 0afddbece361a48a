import type { RolloutSummary } from '@changeover/engine'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newLedger, openLedger } from '../src/ledger.ts'

function summary(id: string, startedAt: number, open: boolean): RolloutSummary {
  const release = { id: 'b', version: '2', spec: null }
  const outcome = open ? undefined : 'promoted'
  const times = { startedAt, finishedAt: open ? undefined : startedAt + 1 }
  return { id, service: 'shop', from: undefined, to: release, replicas: 1, outcome, ...times }
}

const empty = { v: 1, floor: -1, open: {}, told: {} } as const

test('a new notifier is not told what has ended, and is told all of what is under way', () => {
  const history = [summary('r-1', 10, false), summary('r-2', 5, true)]
  const ledger = openLedger(newLedger(history))

  expect(ledger.isTold('r-1', 10)).toBe(true)
  expect(ledger.isTold('r-2', 5)).toBe(false)
  expect(ledger.next('r-2')).toBe(0)
  expect(ledger.isTold('r-3', 7)).toBe(false)
  expect(ledger.openRollouts()).toEqual(['r-2'])
})

test('however many rollouts come to an end in whatever order, none is told again and none that is open is lost', () => {
  const act = fc.record({ rollout: fc.nat(60), end: fc.boolean() })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 300 }), fc.nat(3), (acts, kept) => {
      let ledger = openLedger(empty, kept)
      const next = new Map<number, number>()
      const ended = new Set<number>()
      for (const { rollout, end } of acts) {
        if (ended.has(rollout)) continue
        next.set(rollout, (next.get(rollout) ?? 0) + 1)
        ledger.advance(`r-${rollout}`, next.get(rollout) ?? 0)
        if (!end) continue
        ledger.finish(`r-${rollout}`, rollout + 1)
        ended.add(rollout)
        ledger = openLedger(JSON.parse(JSON.stringify(ledger.record())), kept)
      }

      for (const [rollout, count] of next) {
        expect(ledger.isTold(`r-${rollout}`, rollout + 1)).toBe(ended.has(rollout))
        expect(ledger.next(`r-${rollout}`)).toBe(ended.has(rollout) ? 0 : count)
      }
      expect(Object.keys(ledger.record().told).length).toBeLessThanOrEqual(kept)
      expect(ledger.openRollouts()).toHaveLength(next.size - ended.size)
    }),
  )
})

test('a rollout that began before others that ended is told all the same, as long as few have ended', () => {
  const ledger = openLedger(empty)
  for (let n = 0; n < 500; n++) ledger.finish(`r-${n}`, 1000 + n)

  expect(ledger.isTold('by-a-slow-clock', 900)).toBe(false)
})

test('since when an entry fails is remembered until it is told', () => {
  const before = openLedger(empty)
  before.advance('r-1', 3)
  expect(before.fail('r-1', 100)).toBe(100)
  const ledger = openLedger(before.record())

  expect(ledger.fail('r-1', 200)).toBe(100)
  expect(ledger.next('r-1')).toBe(3)
  ledger.advance('r-1', 4)
  expect(ledger.fail('r-1', 300)).toBe(300)
  expect(ledger.drop('r-1')).toBe(true)
  expect(ledger.drop('r-1')).toBe(false)
})
