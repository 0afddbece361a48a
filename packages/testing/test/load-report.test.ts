import { describe, expect, it } from 'vitest'
import { auditExecutions, formatLoadReport, type LoadReport } from '@changeover/testing'
import { loadTally } from '../src/load-report.js'

const request = (n: number) => ({ n, dueMs: n * 10 })
const ended = { elapsedMs: 1000, scheduled: 4, open: [] }

function reportOf(act: (tally: ReturnType<typeof loadTally>) => void): LoadReport {
  const tally = loadTally({ runId: 'run', rate: 100 })
  act(tally)
  return tally.report(ended)
}

describe('formatLoadReport', () => {
  it('says how many were sent and dropped, and the 99th percentile', () => {
    const report = { ...reportOf(() => {}), sent: 61_240 }
    const latency = { p50: 1, p90: 2, p99: 31.2, max: 90 }
    expect(formatLoadReport({ ...report, latency })).toBe('sent 61,240 · dropped 0 · p99 31 ms')
  })

  it('names the classes of dropped requests and the abandoned ones', () => {
    const report = reportOf((tally) => {
      tally.dropped(request(0), { class: 'truncated', reason: '' }, undefined)
      tally.dropped(request(1), { class: 'reset-reused', reason: '' }, undefined)
      tally.dropped(request(2), { class: 'truncated', reason: '' }, undefined)
      tally.abandoned(request(3))
    })
    expect(formatLoadReport(report)).toBe(
      'sent 0 · dropped 3 (reset-reused 1, truncated 2) · abandoned 1 · p99 0.0 ms',
    )
  })
})

describe('the tally', () => {
  it('counts latency from the instant a request was due, not from when it was sent', () => {
    const report = reportOf((tally) => {
      tally.sent(request(1), 510)
      tally.answered(request(1), 530, undefined)
    })
    expect(report.latency.max / 520).toBeCloseTo(1, 2)
    expect(report.lag.max / 500).toBeCloseTo(1, 2)
  })

  it('keeps the first 100 failures whole and the numbers of all', () => {
    const report = reportOf((tally) => {
      for (let n = 0; n < 250; n += 1)
        tally.dropped(request(n), { class: 'refused', reason: 'connect ECONNREFUSED' }, 'v2')
    })
    expect(report.failures).toHaveLength(100)
    expect(report.failures[99]).toEqual({
      n: 99,
      id: 'run-99',
      dueMs: 990,
      class: 'refused',
      reason: 'connect ECONNREFUSED',
      release: 'v2',
    })
    expect(report.unanswered).toHaveLength(250)
  })

  it('counts a release with an awkward name like any other', () => {
    const report = reportOf((tally) => tally.answered(request(0), 1, '__proto__'))
    expect(Object.entries(report.byRelease)).toEqual([['__proto__', 1]])
  })

  it('hands out reports that later requests do not change', () => {
    const tally = loadTally({ runId: 'run', rate: 100 })
    const before = tally.report(ended)
    tally.dropped(request(0), { class: 'timeout', reason: '' }, undefined)
    expect(before).toMatchObject({ dropped: 0, byClass: { timeout: 0 }, failures: [] })
    expect(before.unanswered).toEqual([])
  })
})

describe('auditExecutions', () => {
  const report = { ...reportOf((tally) => tally.abandoned(request(2))), sent: 4 }

  it('finds nothing where each answered request was executed once', () => {
    expect(auditExecutions(report, ['run-0', 'run-1', 'run-3'])).toEqual({
      executed: 3,
      twice: [],
      lost: [],
      unconfirmed: [],
    })
  })

  it('finds requests executed twice, answered but not executed, and executed but not answered', () => {
    const executions = ['run-0', 'run-2', 'run-0', 'run-3', 'another-1']
    expect(auditExecutions(report, executions)).toEqual({
      executed: 3,
      twice: ['run-0'],
      lost: ['run-1'],
      unconfirmed: ['run-2'],
    })
  })
})
