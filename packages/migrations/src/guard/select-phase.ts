import { refuse } from '../migration-error.ts'
import { PHASES } from '../phase.ts'
import type { Phase } from '../phase.ts'
import type { PendingMigration } from './pending.ts'
import { sharedBy, touchedBy } from './touched.ts'
import type { Touched } from './touched.ts'

/** A pending migration with the phase that it is in. */
export interface PhasedMigration {
  readonly pending: PendingMigration
  readonly phase: Phase
}

/**
 * The pending migrations of a phase, in their order. Pure.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_ORDER` where one that stands before it, of another phase, touches the same
 */
export function selectPhase(
  all: readonly PhasedMigration[],
  phase: Phase,
): readonly PendingMigration[] {
  const passedOver: { readonly one: PhasedMigration; readonly touched: Touched }[] = []
  const selected: PendingMigration[] = []
  for (const one of all) {
    const touched = touchedBy(one.pending.stepped.script.statements)
    if (one.phase !== phase) {
      passedOver.push({ one, touched })
      continue
    }
    for (const earlier of passedOver) {
      const shared = sharedBy(earlier.touched, touched)
      if (shared) throw disordered(phase, one, earlier.one, shared)
    }
    selected.push(one.pending)
  }
  return selected
}

function disordered(
  phase: Phase,
  later: PhasedMigration,
  earlier: PhasedMigration,
  shared: readonly string[],
): Error {
  const name = ({ pending }: PhasedMigration): string => pending.stepped.migration.id
  return refuse('CHANGEOVER_MIGRATIONS_ORDER', {
    phase,
    later: name(later),
    earlier: name(earlier),
    earlierPhase: earlier.phase,
    objects: shared.join(', '),
  })
}

/** Whether the phase takes something away from those who run. */
export function isNarrowing(phase: Phase): boolean {
  return PHASES.indexOf(phase) >= PHASES.indexOf('tighten')
}
