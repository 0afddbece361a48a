import type { LockWork, TableWork } from '../rules/effect.ts'
import { atLeast } from '../rules/lock-mode.ts'
import type { Observation } from './schema-oracle.ts'

/** What the locks of a statement mean for those who use the tables. */
export interface ObservationVerdict {
  readonly verdict: 'safe' | 'unsafe'
  /** Who waits, and for what; of a safe one, why nobody does. */
  readonly message: string
}

const DOING: Readonly<Record<TableWork, string>> = {
  none: '',
  scan: 'reads all rows of a table',
  'index-build': 'builds an index',
  rewrite: 'writes a table anew',
  update: 'changes most rows of a table',
}

/**
 * Judges by what the server did: work that grows with a table is unsafe under a lock that readers or writers of a table wait for.
 * Pure.
 */
export function judgeObservation(observation: Observation): ObservationVerdict {
  const { error, locks } = observation
  if (error) {
    return {
      verdict: 'unsafe',
      message: `The server refuses it: ${error.message} (${error.code}).`,
    }
  }
  const bad = locks.filter(makesWait)
  if (bad.length === 0)
    return { verdict: 'safe', message: 'Nobody waits while it works through a table.' }
  return { verdict: 'unsafe', message: bad.map(describe).join(' ') }
}

function makesWait({ mode, work, readersOnly }: LockWork): boolean {
  if (work === 'none') return false
  if (readersOnly) return mode === 'ACCESS EXCLUSIVE'
  return work === 'update' && mode === 'ROW EXCLUSIVE' ? true : atLeast(mode, 'SHARE')
}

function describe({ relation, mode, work }: LockWork): string {
  if (mode === 'ROW EXCLUSIVE') {
    return `It changes most rows of ${relation} at once: whoever writes one of them waits until it ends.`
  }
  const who = mode === 'ACCESS EXCLUSIVE' ? 'readers and writers wait' : 'writers wait'
  return `It ${DOING[work]} while it holds ${mode} on ${relation}: ${who} until it ends.`
}
