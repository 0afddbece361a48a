import type { ContractQuery, LiveRelease } from '../contracts/contract.ts'
import type { Effect, Need } from '../rules/effect.ts'

/** What one query of a release uses, or undefined where it cannot be read. */
export interface QueryUse {
  readonly query: ContractQuery
  readonly uses: readonly Need[] | undefined
}

/** What a live release asks of the database, as far as it is known. */
export interface ReleaseUse {
  readonly release: string
  /** Undefined where it has no contract: its needs are unknown. */
  readonly queries: readonly QueryUse[] | undefined
}

/** Who is touched by a change. */
export interface Touched {
  readonly release: string
  /** Undefined where the needs of the release, or of one of its queries, are not known. */
  readonly query: ContractQuery | undefined
  /** Whether it breaks, or only may. */
  readonly certain: boolean
}

/** Reads what each live release uses. */
export function releaseUses(
  live: readonly LiveRelease[],
  usesOf: (sql: string) => readonly Need[] | undefined,
): ReleaseUse[] {
  return live.map(({ release, contract }) => ({
    release,
    queries: contract?.queries.map((query) => ({ query, uses: usesOf(query.sql) })),
  }))
}

/** How an effect touches what somebody uses: it takes it away, narrows what it may do, or adds what stands in its way. */
export type TouchedBy = 'removes' | 'narrows' | 'adds'

/** The releases that an effect touches: one entry for each, with the first query that is touched. */
export function touchedBy(
  effect: Pick<Effect, TouchedBy>,
  releases: readonly ReleaseUse[],
): Touched[] {
  return releases.flatMap(({ release, queries }): Touched[] => {
    const certainly = queries?.find((query) => isTouched(query, effect, ['removes', 'adds']))
    if (certainly) return [{ release, query: certainly.query, certain: true }]
    if (!concernsQueries(effect)) return []
    if (!queries) return [{ release, query: undefined, certain: false }]
    const perhaps = queries.find((query) => isTouched(query, effect, ['narrows']))
    if (perhaps) return [{ release, query: perhaps.query, certain: false }]
    return queries.some(({ uses }) => uses === undefined)
      ? [{ release, query: undefined, certain: false }]
      : []
  })
}

/** Whether an effect takes away, or narrows, what somebody may use. */
export function concernsQueries({ removes = [], narrows = [] }: Pick<Effect, TouchedBy>): boolean {
  return removes.length + narrows.length > 0
}

/** Whether the effect is what a query breaks at: for certain, perhaps, or not as far as it can be read. */
export function touches(effect: Effect, use: QueryUse): 'certainly' | 'perhaps' | undefined {
  if (isTouched(use, effect, ['removes', 'adds'])) return 'certainly'
  return isTouched(use, effect, ['narrows']) ? 'perhaps' : undefined
}

function isTouched(
  { query, uses = [] }: QueryUse,
  effect: Pick<Effect, TouchedBy>,
  ways: readonly TouchedBy[],
): boolean {
  return ways.some((way) =>
    effect[way]?.some((need) => {
      if (need.kind === 'shape' && !query.named) return false
      return uses.some((use) => meets(use, need, way, uses))
    }),
  )
}

/** A use of a whole relation meets the loss of the relation, and a use of a column that of the column or of its relation. */
function meets(use: Need, need: Need, way: TouchedBy, uses: readonly Need[]): boolean {
  if (use.object !== need.object || (use.through && way !== 'narrows')) return false
  if (need.kind === 'shape' && need.member !== undefined)
    return use.kind === 'column' && (use.member === need.member || use.member === EVERY)
  if (use.kind === need.kind) return meetsMember(use, need, uses)
  return need.kind === 'relation' && RELATIONAL.has(use.kind)
}

function meetsMember(use: Need, need: Need, uses: readonly Need[]): boolean {
  if (need.member === undefined || use.member === need.member) return true
  if (use.kind === 'label') return use.member === undefined
  if (use.kind === 'unique') return sorted(use.member) === sorted(need.member)
  if (use.kind === 'insert') return use.member === undefined && !writes(uses, need)
  return use.member === EVERY
}

/** Of a table that nobody told us of, a new row may leave out whatever it does not fill. */
function writes(uses: readonly Need[], { object, member }: Need): boolean {
  return uses.some((one) => one.kind === 'write' && one.object === object && one.member === member)
}

/** A key is the same whatever the order of its columns. */
function sorted(member = ''): string {
  return member.split(',').toSorted().join(',')
}

const EVERY = '*'

const RELATIONAL: ReadonlySet<Need['kind']> = new Set([
  'column',
  'constraint',
  'unique',
  'insert',
  'write',
  'sequence',
])
