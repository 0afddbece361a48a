import type { Entry, EntryBody } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { watchDeadlines } from '../src/deadline-observer.ts'
import { journalMaker } from '../src/journal-maker.ts'

const SECOND = 1_000
const bake: EntryBody = {
  type: 'step-started',
  index: 0,
  step: { step: 'bake', durationMs: 60 * SECOND },
}
const command = (name: 'pause' | 'resume'): EntryBody => {
  return { type: 'commanded', command: name, id: name, by: 'ada' }
}
const END: EntryBody = { type: 'step-finished', index: 0 }

/** What is wrong with entries at these seconds. */
function problemsOf(...bodies: readonly (readonly [second: number, body: EntryBody])[]): string[] {
  const problems: string[] = []
  const look = watchDeadlines(30 * SECOND, (rule, what) => problems.push(`${rule}: ${what}`))
  for (const [second, body] of bodies) look(entryAt(second, body))
  return problems
}

function entryAt(second: number, body: EntryBody): Entry {
  return journalMaker('shop', { at: second * SECOND }).next(body)
}

describe('a bake', () => {
  test.each([
    ['at its time', 60, []],
    ['too early', 59, ['12: bake ends 1000 ms before its time']],
    ['too late', 100, ['12: bake ends 40000 ms after its time']],
  ])('that ends %s', (_, end, problems) => {
    expect(problemsOf([0, bake], [end, END])).toEqual(problems)
  })

  test.each([
    ['may end as soon as it is resumed', 410, []],
    ['must not end long after that', 450, ['12: bake ends 150000 ms after its time']],
  ])('that was overdue when a late engine was paused %s', (_, end, problems) => {
    const paused = [
      [170, command('pause')],
      [410, command('resume')],
    ] as const
    const led: EntryBody = { type: 'led', holder: 'engine 1' }
    expect(problemsOf([0, bake], [145, led], ...paused, [end, END])).toEqual(problems)
  })

  test('that is paused in time ends by as much later', () => {
    const paused = [
      [30, command('pause')],
      [100, command('resume')],
    ] as const
    expect(problemsOf([0, bake], ...paused, [130, END])).toEqual([])
    expect(problemsOf([0, bake], ...paused, [110, END])).toEqual([
      '12: bake ends 20000 ms before its time',
    ])
  })
})
