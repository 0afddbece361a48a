import { z } from 'zod'
import { checkOptions, portSchema } from './check-options.ts'
import type { Release } from './release.ts'
import type { Strategy } from './strategy.ts'

/** What to deploy, and how. */
export interface StartRequest {
  readonly service: string
  readonly release: Release
  readonly replicas: number
  readonly strategy: Strategy
  /** Who asked for it; journaled. */
  readonly by?: string
  /**
   * The release in place, where the store does not know it: for a service that Changeover takes over.
   * @default the one that the last promoted rollout left in place
   */
  readonly current?: Release
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

const requestSchema: z.ZodType<StartRequest> = z.strictObject({
  service: identifier,
  release: releaseSchema,
  replicas: z.int().min(1).max(100_000),
  strategy: portSchema<Strategy>('strategy such as rolling()', ['plan']),
  by: z.string().exactOptional(),
  current: releaseSchema.exactOptional(),
})

/** The request, checked. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` */
export function readStartRequest(request: StartRequest): StartRequest {
  return checkOptions<StartRequest>(requestSchema, request, 'start')
}
