import { type RouteTable, routesAlike, staleTable } from '@changeover/engine'
import { type Found, fullRelease, inForce } from './in-force.ts'
import type { RouterMode } from './options.ts'
import { switchPair, switchStructure } from './switch-config.ts'

/** What putting a table in force takes. */
export type NextStep =
  | { readonly step: 'refuse'; readonly reason: string }
  | { readonly step: 'nothing' | 'reload' }
  /** Whether the flag is to be set. */
  | { readonly step: 'flip'; readonly switched: boolean }

/** Decides what to do to get from what was found to `next`. Pure. */
export function nextStep(mode: RouterMode, found: Found, next: RouteTable): NextStep {
  const reason = stalest(found, next)
  if (reason !== undefined) return { step: 'refuse', reason }
  const { table, drift } = inForce(found)
  const clean = table !== undefined && drift.length === 0
  if (clean && isSame(table, next)) return { step: 'nothing' }
  const run = found.file
  if (mode !== 'file' || !run || !clean) return { step: 'reload' }
  return flip(run.head.table, next) ?? { step: 'reload' }
}

/** The flag suffices where the configuration differs in nothing else, and its pair holds the release that is to serve. */
function flip(structure: RouteTable, next: RouteTable): NextStep | undefined {
  if (JSON.stringify(switchStructure(structure)) !== JSON.stringify(switchStructure(next)))
    return undefined
  const { first, second } = switchPair(structure)
  const wanted = fullRelease(next)
  if (wanted === first) return { step: 'flip', switched: false }
  return wanted !== undefined && wanted === second ? { step: 'flip', switched: true } : undefined
}

function isSame(table: RouteTable, next: RouteTable): boolean {
  return table.revision === next.revision && table.fence === next.fence && routesAlike(table, next)
}

/** Why what is on disk or in nginx forbids `next`. A file that was tampered with still knows who wrote it last. */
function stalest({ file, previous, marker, flag }: Found, next: RouteTable): string | undefined {
  const tables = [file?.head.table, flag?.table, previous?.sealed ? previous.head.table : undefined]
  const known = tables.map((table) => staleTable(table && bare(table, next), next))
  const stamped = marker && { ...next, revision: marker.revision, fence: marker.fence }
  return [...known, stamped && staleTable(stamped, next)].find((reason) => reason !== undefined)
}

/** An older table counts by its fence and revision alone. */
function bare(table: RouteTable, next: RouteTable): RouteTable {
  return table.revision === next.revision
    ? table
    : { ...next, revision: table.revision, fence: table.fence }
}
