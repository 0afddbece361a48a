import type { Duration } from '@changeover/engine'
import { z } from 'zod'
import type { UpgradeSettings } from './upgrades.ts'

/** What becomes of connections that clients go on with in another protocol. */
export interface UpgradeOptions {
  /**
   * Protocols that are passed on; a request for any other one is served without the upgrade, as HTTP allows. Only
   * WebSocket by default, since whatever is passed on goes past the rules and the counts of the router: `h2c` is refused.
   *
   * @default ['websocket']
   */
  readonly protocols?: readonly string[]
  /**
   * What `drain` does about those of its instances. `close`: WebSockets get a Close frame (1001, Going Away), of others
   * both directions are ended. `wait`: nothing, until its deadline. @default 'close'
   */
  readonly drain?: 'close' | 'wait'
  /** For both sides to part after that; then the connection is cut, and counted as `forced`. @default '5s' */
  readonly grace?: Duration
  /**
   * How many `drain` asks to part in a second, since most come back at once; faster where its deadline is too near.
   *
   * @default 200
   */
  readonly perSecond?: number
  /** For the next byte in either direction; 0 sets no limit. @default 0 */
  readonly idle?: Duration
  /** How many there may be per service; more are answered with 503. They do not count for `inFlight`. @default 10_000 */
  readonly max?: number
}

const duration = z.union([z.number(), z.string()]).optional()
const protocol = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+(?:\/[\w!#$%&'*+.^`|~-]+)?$/, 'it is not the name of a protocol')
  .refine((name) => name.toLowerCase() !== 'h2c', 'h2c goes past the rules of the router')

/** The shape of {@link UpgradeOptions}. */
export const upgradesSchema: z.ZodType = z.strictObject({
  protocols: z.array(protocol).optional(),
  drain: z.enum(['close', 'wait']).optional(),
  grace: duration,
  perSecond: z.number().positive().optional(),
  idle: duration,
  max: z.int().positive().optional(),
})

/** Fills the defaults in. `toMs` reads a duration that may be 0, of the field named. */
export function upgradeSettings(
  { protocols = ['websocket'], drain = 'close', grace, perSecond = 200, idle, max }: UpgradeOptions,
  toMs: (duration: Duration, field: string) => number,
): UpgradeSettings {
  return {
    protocols: new Set(protocols.map((name) => name.toLowerCase())),
    drain,
    graceMs: toMs(grace ?? '5s', 'upgrades.grace'),
    perSecond,
    idleMs: toMs(idle ?? 0, 'upgrades.idle'),
    max: max ?? 10_000,
  }
}
