import { z } from 'zod'
import { checkOptions, portSchema } from './check-options.ts'
import { refuse } from './changeover-error.ts'
import type { MigrationPhase } from './migration-guard.ts'
import { isNarrowing, PHASES } from './plan-migrations.ts'
import type { Release } from './release.ts'
import type { Strategy } from './strategy.ts'
import { freezesSchema, windowSchema, type WindowWish } from './window-options.ts'

/** What to deploy, and how. */
export interface StartRequest extends WindowWish {
  readonly service: string
  readonly release: Release
  readonly replicas: number
  readonly strategy: Strategy
  /** Who asked for it; journaled. */
  readonly by?: string
  /**
   * Ends a rollout under way for this one: it is promoted early where its release has all traffic already, and taken
   * back where not. @default false: refused while a rollout is under way
   */
  readonly supersede?: boolean
  /**
   * The release in place, where the store does not know it: for a service that Changeover takes over.
   * @default the one that the last promoted rollout left in place
   */
  readonly current?: Release
  /**
   * Schema phases around the strategy's steps, in this order: `expand` and `backfill` run before the first of them,
   * `tighten` and `contract` after the last. The guard is asked about each when the plan is made, and again when it
   * runs. Going back undoes none of them. @default none
   */
  readonly migrate?: readonly MigrationPhase[]
  /**
   * Recorded releases that `tighten` and `contract` need not spare: once these have begun, nothing leads back there.
   * @default none: every recorded release stays one to go back to
   */
  readonly giveUpRollbackTo?: 'all' | readonly string[]
}

/** What may become part of a file name, a label or an environment variable. */
const identifier = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'use 1 to 63 letters, digits, ".", "_" and "-"')

const releaseSchema: z.ZodType<Release> = z.strictObject({
  id: identifier,
  version: z.string().min(1),
  spec: z.unknown(),
  readiness: z
    .strictObject({
      path: z.string().startsWith('/').exactOptional(),
      timeoutMs: z.int().positive().exactOptional(),
      everyMs: z.int().positive().exactOptional(),
    })
    .exactOptional(),
  contract: z.string().exactOptional(),
})

const phasesSchema = z
  .array(z.enum(PHASES))
  .min(1)
  .refine(
    (phases) => phases.every((phase, i) => i === 0 || rank(phase) > rank(phases[i - 1])),
    `each phase at most once, in the order ${PHASES.join(', ')}`,
  )

function rank(phase: MigrationPhase | undefined): number {
  return PHASES.findIndex((one) => one === phase)
}

const requestSchema: z.ZodType<StartRequest> = z.strictObject({
  service: identifier,
  release: releaseSchema,
  replicas: z.int().min(1).max(100_000),
  strategy: portSchema<Strategy>('strategy such as rolling()', ['plan']),
  by: z.string().exactOptional(),
  supersede: z.boolean().exactOptional(),
  window: windowSchema.exactOptional(),
  freezes: freezesSchema.exactOptional(),
  current: releaseSchema.exactOptional(),
  migrate: phasesSchema.exactOptional(),
  giveUpRollbackTo: z.union([z.literal('all'), z.array(identifier).min(1)]).exactOptional(),
})

/** The request, checked. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` */
export function readStartRequest(request: StartRequest): StartRequest {
  const checked = checkOptions<StartRequest>(requestSchema, request, 'start')
  const { migrate = [], giveUpRollbackTo: value } = checked
  if (value === undefined || migrate.some(isNarrowing)) return checked
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'start.giveUpRollbackTo',
    value,
    problem: 'neither tighten nor contract is to run, so nothing need be given up',
    remedy: "Leave it out, or add the phase: migrate: ['contract'].",
  })
}
