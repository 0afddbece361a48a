import { resolve } from 'node:path'
import {
  checkOptions,
  type Clock,
  type Duration,
  type Notifier,
  portSchema,
  type Store,
  systemClock,
  toMs,
} from '@changeover/engine'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import type { RetryPauses } from './retry.ts'
import { positiveMs } from './webhook-options.ts'

/** A rollout as a courier sees it. */
export interface CourierRollout {
  readonly id: string
  readonly service: string
  /** Which engine leads it, or led it last; undefined where none did yet. */
  readonly holder: string | undefined
}

/** Options of {@link createCourier}. */
export interface CourierOptions {
  /** Whose journals are told. */
  readonly store: Store
  /** Whom to tell, by the names under which is written down what they were told. */
  readonly notifiers: Readonly<Record<string, Notifier>>
  /** Where that is written down: one file for each notifier. It belongs to one courier at a time. */
  readonly directory: string
  /**
   * Which rollouts this courier tells of. Where several agents share a store, each tells of those that its own engine leads:
   * `only: ({ holder }) => holder === mine`, with a `holder` that stays the same over restarts. Whoever takes a rollout
   * over tells it from its beginning.
   *
   * @default all
   */
  readonly only?: (rollout: CourierRollout) => boolean
  /** How long an entry is tried before it is dropped, with a line in the log. @default '24h' */
  readonly giveUpAfter?: Duration
  /** Pause after the first failure of an entry; doubled after each further one, up to 5 min. @default '1s' */
  readonly retryAfter?: Duration
  /** How long `close` waits for deliveries that are under way, before it breaks them off. @default '5s' */
  readonly closeWithin?: Duration
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal
  /** @default systemClock() */
  readonly clock?: Clock
  /** @default silent */
  readonly logger?: Logger
}

/** Options after the check. */
export interface CourierSettings {
  readonly store: Store
  readonly notifiers: ReadonlyMap<string, Notifier>
  readonly directory: string
  readonly only: (rollout: CourierRollout) => boolean
  readonly giveUpAfterMs: number
  readonly pauses: RetryPauses
  readonly closeWithinMs: number
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
  readonly logger: Logger
}

const LONGEST_PAUSE_MS = 300_000

const duration = z.union([z.number(), z.string()]).optional()
const schema = z.strictObject({
  store: portSchema<Store>('store', ['read', 'rollouts']),
  notifiers: z.record(
    z.string().regex(/^[\w-]{1,64}$/, 'it is more than letters, digits, "_" and "-"'),
    portSchema<Notifier>('notifier', ['notify']),
  ),
  directory: z.string().min(1),
  only: z
    .custom<CourierSettings['only']>((value) => typeof value === 'function', 'not a function')
    .optional(),
  giveUpAfter: duration,
  retryAfter: duration,
  closeWithin: duration,
  signal: z.instanceof(AbortSignal).optional(),
  clock: portSchema<Clock>('clock', ['now', 'sleep']).optional(),
  logger: portSchema<Logger>('pino logger', ['info', 'warn', 'error', 'child']).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  store: 'Give the store that the engine has.',
  notifiers:
    "Give notifiers by name, such as { chat: webhookNotifier({ … }) }; names of letters, digits, '_' and '-'.",
  directory: 'Name a directory on a local disk that this user may write to.',
  only: 'Give a function that answers true for the rollouts to tell of.',
  '': 'Give store, notifiers and directory; and any of only, giveUpAfter, retryAfter, closeWithin, signal, clock, logger.',
}

/** Checks the options. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID` */
export function readCourierOptions(options: CourierOptions): CourierSettings {
  const checked = checkOptions(schema, options, '', { remedies: REMEDIES })
  return {
    store: checked.store,
    notifiers: new Map(Object.entries(checked.notifiers)),
    directory: resolve(checked.directory),
    only: checked.only ?? (() => true),
    giveUpAfterMs: toMs(checked.giveUpAfter ?? '24h', 'giveUpAfter'),
    pauses: {
      firstMs: toMs(checked.retryAfter ?? '1s', 'retryAfter'),
      longestMs: LONGEST_PAUSE_MS,
    },
    closeWithinMs: positiveMs(checked.closeWithin ?? '5s', 'closeWithin'),
    signal: checked.signal,
    clock: checked.clock ?? systemClock(),
    logger: (checked.logger ?? pino({ level: 'silent' })).child({ component: 'courier' }),
  }
}
