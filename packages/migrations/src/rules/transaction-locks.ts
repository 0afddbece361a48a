import type { Effect, LockWork } from './effect.ts'
import { blocking, harmless } from './effects.ts'
import type { JudgedStatement } from './judged-statement.ts'
import { atLeast, LOCK_MODES } from './lock-mode.ts'

/** A lock that others wait for, and the statement that took it. */
interface Held {
  readonly lock: LockWork
  readonly by: string
}

/** What a transaction holds, statement by statement; each step costs the same however many came before. */
interface Holding {
  readonly byRelation: Map<string, Held>
  strongest: Held | undefined
  /** Relations under ACCESS EXCLUSIVE. */
  readonly exclusive: Set<string>
}

/** Adds what follows from locks being held to the end of the transaction. */
export function underHeldLocks<Judged extends JudgedStatement>(
  judged: readonly Judged[],
): Judged[] {
  const held: Holding = { byRelation: new Map(), strongest: undefined, exclusive: new Set() }
  return judged.map((one) => {
    const before = held.exclusive.size
    const effects = one.statement.inner.length > 0 ? oneByOne(one, held) : atOnce(one, held)
    return { ...one, effects: [...effects, ...crowded(before, held)] }
  })
}

/** A single statement takes its locks first, then works; its own rules know of these. */
function atOnce({ statement, effects }: JudgedStatement, held: Holding): Effect[] {
  const judged = effects.flatMap((effect) => underLocks(effect, held, statement.sql))
  take(effects, statement.sql, held)
  return judged
}

/** Statements of a DO block come one after the other. */
function oneByOne({ statement, effects }: JudgedStatement, held: Holding): Effect[] {
  return effects.flatMap((effect) => {
    const found = underLocks(effect, held, statement.sql)
    take([effect], statement.sql, held)
    return found
  })
}

function take(effects: readonly Effect[], by: string, held: Holding): void {
  for (const lock of effects.flatMap(({ locks = [] }) => locks).filter(isWaitedFor)) {
    const now: Held = { lock, by }
    const known = held.byRelation.get(lock.relation)
    if (strength(now) > strength(known)) held.byRelation.set(lock.relation, now)
    if (strength(now) > strength(held.strongest)) held.strongest = now
    if (lock.mode === 'ACCESS EXCLUSIVE') held.exclusive.add(lock.relation)
  }
}

/** Readers are all that a materialized view has. */
function isWaitedFor({ mode, readersOnly }: LockWork): boolean {
  return readersOnly ? mode === 'ACCESS EXCLUSIVE' : atLeast(mode, 'SHARE')
}

function strength(held: Held | undefined): number {
  return held ? LOCK_MODES.indexOf(held.lock.mode) : -1
}

function underLocks(effect: Effect, { strongest, byRelation }: Holding, sql: string): Effect[] {
  if (!strongest) return [effect]
  const work = (effect.locks ?? []).find((each) => each.work !== 'none')
  const { lock } = strongest
  if (!work && SMALL_WRITES.has(effect.rule))
    return [effect, harmless('short-transaction', { table: lock.relation, mode: lock.mode })]
  if (!work || effect.classes.includes('lock')) return [effect]
  const own = byRelation.get(work.relation) ?? strongest
  const locks = [{ ...own.lock, work: work.work }]
  if (effect.rule === 'validate-constraint')
    return [
      {
        ...effect,
        rule: 'validate-constraint-blocking',
        verdict: 'unsafe',
        classes: [...effect.classes, 'lock'],
        locks,
      },
    ]
  const names = {
    table: own.lock.relation,
    mode: own.lock.mode,
    earlier: shortened(own.by),
    later: shortened(sql),
  }
  return [effect, blocking('work-under-lock', names, locks, { phase: effect.phase })]
}

const SMALL_WRITES = new Set(['insert', 'bounded-write'])

function shortened(sql: string): string {
  const line = sql.trim().replaceAll(/\s+/g, ' ')
  return line.length > 80 ? `${line.slice(0, 77)}...` : line
}

/** A second table under ACCESS EXCLUSIVE, and each one after it. */
function crowded(before: number, { exclusive }: Holding): Effect[] {
  if (before === 0 || exclusive.size === before) return []
  return [harmless('many-locks', { tables: [...exclusive].slice(-2).join(' and ') })]
}
