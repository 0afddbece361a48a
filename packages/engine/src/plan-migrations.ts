import { refuse } from './changeover-error.ts'
import type { Instance } from './instance.ts'
import type { MigrationGuard, MigrationPhase } from './migration-guard.ts'
import type { Plan } from './plan.ts'
import type { Release } from './release.ts'
import type { Step } from './step.ts'
import type { RolloutSummary } from './store.ts'

/** All phases, in the only order in which they make sense. */
export const PHASES = ['expand', 'backfill', 'tighten', 'contract'] as const

type MigrateStep = Extract<Step, { readonly step: 'migrate' }>

/** What a request says about the schema. */
export interface MigrationWish {
  readonly migrate?: readonly MigrationPhase[]
  readonly giveUpRollbackTo?: 'all' | readonly string[]
}

/** What is known of a service beside the plan. */
export interface MigrationFacts {
  readonly history: readonly RolloutSummary[]
  readonly instances: readonly Instance[]
  /** Lowest release that may still start, by the guard. */
  readonly floor: string | undefined
}

/** Whether a phase takes something away from those who run: it comes after the last old instance has stopped. */
export function isNarrowing(phase: MigrationPhase): boolean {
  return phase === 'tighten' || phase === 'contract'
}

/**
 * The plan with its schema phases; see {@link addMigrations}. A guard is asked for its floor only where there are any: a
 * database that is down must not stand in the way of going back.
 *
 * @throws ChangeoverError as `addMigrations`; or what the guard rejects with
 */
export async function planMigrations(
  plan: Plan,
  wish: MigrationWish,
  facts: Omit<MigrationFacts, 'floor'>,
  guard: MigrationGuard | undefined,
): Promise<Plan> {
  if (!wish.migrate && !plan.steps.some(({ step }) => step === 'migrate')) return plan
  return addMigrations(plan, wish, { ...facts, floor: await guard?.floor(plan.service) })
}

/**
 * The plan with its schema phases around it: what adds before the first step, what takes away after the last. Each
 * names every release that it must spare. Pure.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` where a release is given up that is none to go back to
 */
function addMigrations(plan: Plan, wish: MigrationWish, facts: MigrationFacts): Plan {
  const { migrate = [] } = wish
  const phases = migrate.map((phase): MigrateStep => ({ step: 'migrate', phase }))
  const widening = phases.filter(({ phase }) => !isNarrowing(phase))
  const narrowing = phases.filter(({ phase }) => isNarrowing(phase))
  const written = [...widening, ...plan.steps, ...narrowing]
  const targets = rollbackTargets(plan, facts)
  const lost = givenUp(wish, targets)
  const live = (phase: MigrationPhase): Release[] =>
    isNarrowing(phase)
      ? unique([plan.to, ...targets.filter(({ id }) => !lost.has(id))])
      : unique([...running(plan, facts), ...targets])
  const floor = facts.floor === undefined ? {} : { floor: facts.floor }
  const steps = written.map((one) =>
    one.step === 'migrate' ? { ...floor, live: live(one.phase), ...one } : one,
  )
  return { ...plan, steps, warnings: [...plan.warnings, ...warningsOf(steps, [...lost])] }
}

/**
 * Asks the guard about every phase of a plan, with every release that may run meanwhile or be gone back to.
 *
 * @throws ChangeoverError `CHANGEOVER_MIGRATION_REFUSED` where the guard does not call a phase safe
 */
export async function checkMigrations(
  { service, to, steps }: Plan,
  guard: MigrationGuard | undefined,
): Promise<void> {
  if (!guard) return
  for (const step of steps) {
    if (step.step !== 'migrate') continue
    const { phase, live = [to] } = step
    const { verdict, findings } = await guard.check({ service, phase, live, target: to })
    if (verdict !== 'safe') throw migrationRefused(phase, verdict, findings)
  }
}

/** The refusal of a phase, with what the guard found. */
export function migrationRefused(
  phase: MigrationPhase,
  verdict: string,
  findings: readonly string[],
): Error {
  const told = findings.length > 0 ? findings.join('; ') : 'no finding was given'
  return refuse('CHANGEOVER_MIGRATION_REFUSED', { phase, verdict, findings: told })
}

/** Recorded releases that `engine.rollback` may lead to, by age; those below the floor are given up already. */
function rollbackTargets({ from, to }: Plan, { history, floor }: MigrationFacts): Release[] {
  const promoted = history.filter(({ outcome }) => outcome === 'promoted')
  const served = promoted.flatMap((one) => (one.from ? [one.from, one.to] : [one.to]))
  const recorded = unique([...served, ...(from ? [from] : [])])
  const lowest = recorded.findIndex(({ id }) => id === floor)
  return recorded.slice(Math.max(0, lowest)).filter(({ id }) => id !== to.id)
}

/** What runs, and what will. An instance of a release that nobody recorded has unknown needs. */
function running({ from, to }: Plan, { history, instances }: MigrationFacts): Release[] {
  const recorded = new Map(history.flatMap(({ to: one }) => [[one.id, one] as const]))
  const others = instances.map(({ release }) => recorded.get(release) ?? unknownRelease(release))
  return [...(from ? [from] : []), to, ...others]
}

/** A release of which only the id is known: without a contract no guard can vouch for it. */
export function unknownRelease(id: string): Release {
  return { id, version: id, spec: null }
}

/** Each id once, as it was first named. */
function unique(releases: readonly Release[]): Release[] {
  const byId = new Map<string, Release>()
  for (const one of releases) if (!byId.has(one.id)) byId.set(one.id, one)
  return [...byId.values()]
}

function givenUp(
  { giveUpRollbackTo = [] }: MigrationWish,
  targets: readonly Release[],
): ReadonlySet<string> {
  const known = new Set(targets.map(({ id }) => id))
  if (giveUpRollbackTo === 'all') return known
  const odd = giveUpRollbackTo.find((id) => !known.has(id))
  if (odd === undefined) return new Set(giveUpRollbackTo)
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'start.giveUpRollbackTo',
    value: odd,
    problem: 'it is no recorded release that could be gone back to',
    remedy: `Name some of: ${[...known].join(', ') || '(none is recorded)'}.`,
  })
}

function warningsOf(steps: readonly Step[], lost: readonly string[]): string[] {
  const phases = steps.flatMap((one) => (one.step === 'migrate' ? [one.phase] : []))
  const widening = phases.filter((phase) => !isNarrowing(phase))
  const narrowing = phases.filter(isNarrowing)
  const stay = `Going back does not undo ${widening.join(' and ')}: what the schema has gained stays.`
  const end = `Once ${narrowing.join(' and ')} has begun there is no way back to: ${lost.join(', ')}.`
  return [...(widening.length > 0 ? [stay] : []), ...(lost.length > 0 ? [end] : [])]
}
