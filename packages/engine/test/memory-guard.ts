import type {
  MigrationGuard,
  MigrationPhase,
  MigrationReport,
  MigrationRequest,
} from '@changeover/engine'

/** What a phase does to the columns of the one table. */
export interface ColumnChange {
  readonly adds?: readonly string[]
  readonly removes?: readonly string[]
}

export interface MemoryGuardOptions {
  /** Columns that are there at the start. */
  readonly columns: readonly string[]
  /** What releases read, by id and oldest first; any other release has unknown needs. */
  readonly needs: Readonly<Record<string, readonly string[]>>
  readonly changes: Partial<Record<MigrationPhase, ColumnChange>>
  /** Called while a phase is being applied, half way. */
  readonly onApply?: (request: MigrationRequest, signal?: AbortSignal) => Promise<void>
}

/** A guard over a schema of one table in memory. */
export interface MemoryGuard extends MigrationGuard {
  readonly columns: () => readonly string[]
  /** Phases as they were applied, repetitions included. */
  readonly applied: MigrationPhase[]
  /** What it was asked to judge. */
  readonly checked: MigrationRequest[]
  readonly changes: Partial<Record<MigrationPhase, ColumnChange>>
}

const ORDER: readonly MigrationPhase[] = ['expand', 'backfill', 'tighten', 'contract']

export function memoryGuard({ columns, needs, changes, onApply }: MemoryGuardOptions): MemoryGuard {
  let present: readonly string[] = columns
  const applied: MigrationPhase[] = []
  const checked: MigrationRequest[] = []
  const pending = { ...changes }

  const after = (phases: readonly MigrationPhase[]): string[] =>
    phases.reduce<string[]>((known, phase) => change(known, pending[phase]), [...present])

  function judge({ live }: MigrationRequest, schema: readonly string[]): MigrationReport {
    const missing = (id: string) => needs[id]?.filter((column) => !schema.includes(column)) ?? []
    const unknown = live.filter(({ id }) => needs[id] === undefined)
    const broken = live.filter(({ id }) => missing(id).length > 0)
    const findings = [
      ...broken.map(({ id }) => `release ${id} reads ${missing(id).join(', ')}`),
      ...unknown.map(({ id }) => `the needs of release ${id} are not known`),
    ]
    const verdict = broken.length > 0 ? 'unsafe' : unknown.length > 0 ? 'unknown' : 'safe'
    return { verdict, findings }
  }

  return {
    applied,
    checked,
    changes: pending,
    columns: () => present,
    async check(request) {
      checked.push(request)
      return judge(request, after(ORDER.slice(0, ORDER.indexOf(request.phase) + 1)))
    },
    async apply(request, { signal } = {}) {
      const report = judge(request, after([request.phase]))
      if (report.verdict !== 'safe') return report
      applied.push(request.phase)
      present = after([request.phase])
      await onApply?.(request, signal)
      return report
    },
    async floor() {
      const able = Object.keys(needs).find((id) => {
        return needs[id]?.every((column) => present.includes(column))
      })
      return able === Object.keys(needs)[0] ? undefined : able
    },
  }
}

function change(columns: readonly string[], { adds = [], removes = [] }: ColumnChange = {}) {
  return [...new Set([...columns, ...adds])].filter((column) => !removes.includes(column))
}
