import type { Instance } from '@changeover/engine'
import { z } from 'zod'
import type { ProcessIdentity } from './process-identity.ts'

/** All that a fleet, or the next owner of its directory, needs to know of an instance. Holds no environment. */
export interface InstanceRecord {
  readonly id: string
  readonly service: string
  readonly release: string
  readonly version: string
  readonly readiness: { readonly path: string; readonly timeoutMs: number }
  readonly host: string
  readonly port: number
  /** What its owner promised: an instance of `stop` never outlives the owner. */
  readonly orphans: 'stop' | 'keep'
  /** Value of `CHANGEOVER_TOKEN` in its environment. */
  readonly token: string
  /** Number of the first older log file that its output can be in. */
  readonly logFrom: number
  /** Missing while it is being launched. */
  readonly process?: ProcessIdentity | undefined
}

/** Schema of an instance file. */
export const instanceRecord: z.ZodType<InstanceRecord> = z.strictObject({
  id: z.string(),
  service: z.string(),
  release: z.string(),
  version: z.string(),
  readiness: z.strictObject({ path: z.string(), timeoutMs: z.number() }),
  host: z.string(),
  port: z.int(),
  orphans: z.enum(['stop', 'keep']),
  token: z.string(),
  logFrom: z.int(),
  process: z.strictObject({ pid: z.int(), startTime: z.string() }).optional(),
})

/** The instance as the engine knows it. */
export function toInstance({ id, service, release, host, port }: InstanceRecord): Instance {
  return {
    id,
    service,
    release,
    address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
  }
}
