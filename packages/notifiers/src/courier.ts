import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdir } from 'node:fs/promises'
import {
  type Entry,
  ENTRY_CHANNEL,
  onAbort,
  type RolloutSummary,
  type Unsubscribe,
} from '@changeover/engine'
import { type CourierOptions, type CourierSettings, readCourierOptions } from './courier-options.ts'
import { createLane, type Lane } from './lane.ts'
import { type KeptLedger, openLedgerFile } from './ledger-file.ts'

/** Tells notifiers what journals say. */
export interface Courier extends AsyncDisposable {
  /**
   * Resolves when it has read what was told before: from then on nothing that is journaled is missed.
   *
   * @throws ChangeoverError `CHANGEOVER_COURIER_STATE_UNREADABLE`; the system's error where `directory` cannot be written
   *   to, the store's where it cannot be read. Nobody is told anything then.
   */
  readonly started: Promise<void>
  /** Resolves when all that is journaled was told, or given up. */
  idle(): Promise<void>
  /** Begins nothing new, and waits for what is under way; `closeWithin` at most. The same promise each time. */
  close(): Promise<void>
}

/**
 * Tells notifiers of every entry of every rollout at least once, in the order of its journal, whatever crashes: what was
 * told is written down, and the rest is told after a restart. It hears of entries by `ENTRY_CHANNEL` and, where the store
 * has it, by `store.watch`.
 *
 * - A rollout that cannot be told holds up no other one, and no other notifier.
 * - An entry that fails is tried again, after pauses that grow to 5 minutes, for `giveUpAfter`; one that its notifier
 *   refuses for good (`details.final` of the error) is not. Both end up in the log.
 * - After a crash, entries may be told twice: `NotifierMessage.id` tells.
 * - Rollouts that ended before a notifier first appeared in `directory` are not told to it.
 *
 * Instead of the engine's option `notifiers`, which calls each once and remembers nothing. It starts by itself; create it
 * before the engine, and close it after.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * const secret = process.env['WEBHOOK_SECRET'] ?? ''
 * const chat = webhookNotifier({ url: 'https://hooks.example.com/deploys', secret })
 * const courier = createCourier({ store, notifiers: { chat }, directory: '/var/lib/shop/notifications' })
 * await courier.started
 * const engine = createEngine({ store, router, fleet })
 * ```
 */
export function createCourier(options: CourierOptions): Courier {
  const settings = readCourierOptions(options)
  const { store, logger, closeWithinMs } = settings
  const [stopping, cutting] = [new AbortController(), new AbortController()]
  const ledgers = new Map<string, KeptLedger>()
  const lanes = createLanes(settings, ledgers, {
    stopping: stopping.signal,
    cutting: cutting.signal,
  })
  let unwatch: Unsubscribe | undefined

  const hear = (message: unknown): void => {
    if (isEntry(message)) lanes.wake(message.rollout, message)
  }
  const start = async (): Promise<void> => {
    await openLedgers(settings, ledgers)
    if (stopping.signal.aborted) return
    subscribe(ENTRY_CHANNEL, hear)
    unwatch = store.watch?.(({ rollout }) => lanes.wake(rollout))
    const history = await store.rollouts()
    for (const rollout of unheard(history, ledgers)) lanes.wake(rollout)
  }
  const started = start()
  started.catch((error: unknown) => logger.error({ err: error }, 'the courier could not start'))

  let closing: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    forget()
    stopping.abort()
    await started.catch(() => undefined)
    unsubscribe(ENTRY_CHANNEL, hear)
    unwatch?.()
    if (!(await settlesWithin(closeWithinMs, lanes.idle()))) cutting.abort()
    await settlesWithin(LAST_WAIT_MS, lanes.idle())
    await Promise.all([...ledgers.values()].map((ledger) => ledger.flush()))
  }
  const close = (): Promise<void> => (closing ??= stop())
  const forget = onAbort(settings.signal, () => void close())
  if (settings.signal?.aborted === true) void close()
  return {
    started,
    idle: () => started.then(() => lanes.idle()),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function isEntry(message: unknown): message is Entry {
  return typeof message === 'object' && message !== null && 'rollout' in message
}

/** How long a notifier gets to heed its signal. */
const LAST_WAIT_MS = 1000

async function openLedgers(
  { store, notifiers, directory, logger }: CourierSettings,
  ledgers: Map<string, KeptLedger>,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const history = (): Promise<readonly RolloutSummary[]> => store.rollouts()
  for (const notifier of notifiers.keys())
    ledgers.set(notifier, await openLedgerFile({ directory, notifier, history, logger }))
}

/** Rollouts of which somebody has something left to be told. */
function unheard(
  history: readonly RolloutSummary[],
  ledgers: ReadonlyMap<string, KeptLedger>,
): ReadonlySet<string> {
  const all = [...ledgers.values()]
  const fresh = history.filter(({ id, startedAt }) =>
    all.some((ledger) => !ledger.isTold(id, startedAt)),
  )
  return new Set([...fresh.map(({ id }) => id), ...all.flatMap((one) => one.openRollouts())])
}

interface Lanes {
  wake(rollout: string, entry?: Entry): void
  /** Resolves when none of them is at work. */
  idle(): Promise<void>
}

function createLanes(
  settings: CourierSettings,
  ledgers: ReadonlyMap<string, KeptLedger>,
  signals: { readonly stopping: AbortSignal; readonly cutting: AbortSignal },
): Lanes {
  const lanes = new Map<string, Lane>()
  const laneOf = (name: string, rollout: string, ledger: KeptLedger): Lane | undefined => {
    const notifier = settings.notifiers.get(name)
    const key = `${name} ${rollout}`
    const known = lanes.get(key)
    if (known !== undefined || notifier === undefined) return known
    const onOver = (): void => void lanes.delete(key)
    const lane = createLane({ rollout, name, notifier, ledger, settings, ...signals, onOver })
    lanes.set(key, lane)
    return lane
  }
  return {
    wake(rollout, entry) {
      if (signals.stopping.aborted) return
      for (const [name, ledger] of ledgers) {
        const told = ledger.isTold(rollout, Number.POSITIVE_INFINITY)
        if (!told) laneOf(name, rollout, ledger)?.wake(entry)
      }
    },
    async idle() {
      for (;;) {
        const working = [...lanes.values()].flatMap((lane) => lane.working() ?? [])
        if (working.length === 0) return
        await Promise.all(working)
      }
    },
  }
}

async function settlesWithin(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const settled = await Promise.race([work.then(() => true), late])
  clearTimeout(timer)
  return settled
}
