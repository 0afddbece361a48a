import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judgeObservation } from '../../src/oracles/judge-observation.ts'
import type { LockMode, TableWork } from '../../src/rules/effect.ts'
import { LOCK_MODES } from '../../src/rules/lock-mode.ts'

const WORKS: readonly TableWork[] = ['none', 'scan', 'update', 'index-build', 'rewrite']

const judge = (mode: LockMode, work: TableWork, readersOnly?: true) =>
  judgeObservation({
    locks: [{ relation: 'public.t', mode, work, ...(readersOnly && { readersOnly }) }],
  }).verdict

test.each(LOCK_MODES.slice(0, 4))(
  'lets a scan under %s pass, because nobody waits for it',
  (mode) => {
    expect(judge(mode, 'scan')).toBe('safe')
  },
)

test.each(LOCK_MODES.slice(4))('refuses a scan under %s, because writers wait for it', (mode) => {
  expect(judge(mode, 'scan')).toBe('unsafe')
})

test('lets every lock pass under which nothing is done', () => {
  expect(LOCK_MODES.map((mode) => judge(mode, 'none'))).toEqual(LOCK_MODES.map(() => 'safe'))
})

test('refuses an update of most rows although it only takes the lock of a writer', () => {
  expect(judge('ROW EXCLUSIVE', 'update')).toBe('unsafe')
})

test('lets everything but ACCESS EXCLUSIVE pass on a materialized view, which nobody writes to', () => {
  const unsafe = LOCK_MODES.filter((mode) => judge(mode, 'index-build', true) === 'unsafe')
  expect(unsafe).toEqual(['ACCESS EXCLUSIVE'])
})

test('refuses what the server refuses, with its words', () => {
  const verdict = judgeObservation({
    error: { code: '42P01', message: 'no such table' },
    locks: [],
  })
  expect(verdict).toEqual({
    verdict: 'unsafe',
    message: expect.stringContaining('no such table (42P01)') as string,
  })
})

test('never gets safer by another lock', () => {
  const lock = fc.record({
    relation: fc.constantFrom('public.a', 'public.b'),
    mode: fc.constantFrom(...LOCK_MODES),
    work: fc.constantFrom(...WORKS),
  })
  fc.assert(
    fc.property(fc.array(lock), lock, (locks, more) => {
      const before = judgeObservation({ locks }).verdict
      const after = judgeObservation({ locks: [...locks, more] }).verdict
      expect(before === 'unsafe' ? after : 'unsafe').toBe('unsafe')
    }),
  )
})
