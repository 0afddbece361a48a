import type { HttpServer } from './connections.ts'
import { createCrashWatch } from './crash-watch.ts'
import type { Hook } from './hooks.ts'
import { readOptions } from './options.ts'
import type { LifecycleOptions } from './options.ts'
import { createHealthDesk } from './health-desk.ts'
import type { LifecycleState } from './health.ts'
import type { ProbeAddress } from './probe-listener.ts'
import type { ProbeHandler } from './probes.ts'
import { createRegistry, refuseLate } from './registry.ts'
import type { ShutdownReport } from './shutdown-report.ts'
import { startShutdown } from './shutdown.ts'
import type { Shutdown } from './shutdown.ts'
import { obeySignals } from './signals.ts'
import { createTrack, createTracker } from './tracker.ts'
import type { Track } from './tracker.ts'
import type { WebSocketServerLike } from './web-sockets.ts'

/** What a shutdown depends on beside the options. */
interface ShutdownKind {
  readonly noticeMs: number
  readonly exits: boolean
}

/** From start-up to a shutdown that loses no request. */
export interface Lifecycle {
  /**
   * Drains this server when the process stops: one of `node:http`, `node:https` or `node:http2`, or a `WebSocketServer` of `ws`.
   * Before or after `listen`, but before the first connection where possible; several servers are drained side by side. The
   * WebSockets of an attached HTTP server are found there; attach the `WebSocketServer` where its sockets come from elsewhere.
   * @throws LifecycleError `CHANGEOVER_LIFECYCLE_SERVER_INVALID`, `CHANGEOVER_LIFECYCLE_SERVER_ATTACHED`,
   * `CHANGEOVER_LIFECYCLE_DRAINING`
   */
  readonly attach: (server: HttpServer | WebSocketServerLike) => void
  /**
   * Answers `GET` and `HEAD` of `/livez`, `/readyz` and `/startupz`, and of `/metrics` with a registry, and returns `true`.
   * Leaves everything else alone, calls `next` where there is one, and returns `false`. Call it first in a request listener, or
   * mount it as middleware.
   */
  readonly handler: ProbeHandler
  /** The same for fetch-style frameworks; `undefined` for everything that is no probe. */
  readonly fetch: (request: Request) => Promise<Response | undefined>
  /**
   * Where the listener of the option `probes` listens, once it does; `undefined` without that option. Wait for it at start-up
   * where a process without probes must not go on.
   * @throws LifecycleError `CHANGEOVER_LIFECYCLE_PROBES_FAILED`
   */
  readonly probesAddress: () => Promise<ProbeAddress | undefined>
  /**
   * Start-up is over: `/readyz` and `/startupz` pass from now on, if the checks do. Idempotent.
   * @throws LifecycleError `CHANGEOVER_LIFECYCLE_DRAINING`
   */
  readonly ready: () => void
  /**
   * Background work that the drain waits for, up to its deadline. A promise is handed back, and its failure is logged; a name
   * gives a function to call when the work is done. After the end of the drain nothing waits any more.
   * @throws LifecycleError `CHANGEOVER_LIFECYCLE_WORK_INVALID`
   */
  readonly track: Track
  /**
   * Runs when the drain begins, together with the other hooks of its kind: stop taking jobs, leave a cluster.
   * @throws LifecycleError `CHANGEOVER_LIFECYCLE_HOOK_INVALID`, `CHANGEOVER_LIFECYCLE_DRAINING`
   */
  readonly onDrain: (name: string, hook: Hook) => void
  /**
   * Runs when connections are closed and tracked work is done, one hook after the other, the last added first: close what
   * requests needed. All of them together have until the deadline, and at least one second.
   * @throws LifecycleError `CHANGEOVER_LIFECYCLE_HOOK_INVALID`, `CHANGEOVER_LIFECYCLE_DRAINING`
   */
  readonly onStop: (name: string, hook: Hook) => void
  /** Where the process is in its life. */
  readonly state: LifecycleState
  /**
   * Drains and stops. Never rejects, never exits the process; every call gives the same promise.
   * @param reason - for the report, the hooks and the log; only that of the first call counts. Defaults to `'shutdown'`.
   */
  readonly shutdown: (reason?: string) => Promise<ShutdownReport>
  /** The same as `shutdown('close')`. */
  readonly close: () => Promise<ShutdownReport>
  /** The same as `close`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Makes the lifecycle of this process. Nothing is listened to but the signals, and a port of its own for probes on request.
 *
 * @example
 * ```ts
 * const lifecycle = createLifecycle({ name: 'shop', drain: { notice: '5s' } })
 * const server = createServer((request, response) => {
 *   if (lifecycle.handler(request, response)) return
 *   response.end('hello')
 * })
 * lifecycle.attach(server)
 * server.listen(8080, () => lifecycle.ready())
 * ```
 * @throws LifecycleError `CHANGEOVER_LIFECYCLE_OPTION_INVALID`, `CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT`,
 * `CHANGEOVER_LIFECYCLE_METRIC_TAKEN`
 */
export function createLifecycle(options: LifecycleOptions = {}): Lifecycle {
  const settings = readOptions(options)
  const tracker = createTracker(settings.logger)
  const crashes = createCrashWatch(settings.logger)
  const phase: { state: LifecycleState; started: boolean } = { state: 'starting', started: false }
  const registry = createRegistry(() => phase.state)
  const desk = createHealthDesk(settings, { phase, registry, counts: () => current?.counts() })
  let current: Shutdown | undefined
  let finished: Promise<ShutdownReport> | undefined

  function ready(): void {
    refuseLate('ready', phase.state)
    phase.state = 'ready'
    phase.started = true
    desk.ready()
  }

  function shutdown(reason = 'shutdown'): Promise<ShutdownReport> {
    finished ??= begin(reason)
    return finished
  }

  async function begin(reason: string, how: Partial<ShutdownKind> = {}): Promise<ShutdownReport> {
    const { noticeMs = settings.noticeMs, exits = false } = how
    phase.state = 'draining'
    desk.drain()
    current = startShutdown({
      reason,
      settings: { ...settings, noticeMs },
      exits,
      tracker,
      uncaught: crashes.seen,
      ...registry.registered(),
    })
    const report = await current.finished
    phase.state = 'stopped'
    await desk.close()
    disobey()
    return report
  }

  const disobey = obeySignals(settings, {
    shutdown: (reason) => (finished ??= begin(reason, { exits: settings.exit })),
    shutdownEmpty: () => (finished ??= begin('beforeExit', { noticeMs: 0 })),
    hasten: () => current?.hasten(),
    crashes,
  })
  return {
    attach: registry.attach,
    ...desk.surface,
    ready,
    track: createTrack(tracker),
    onDrain: registry.onDrain,
    onStop: registry.onStop,
    get state() {
      return phase.state
    },
    shutdown,
    close: () => shutdown('close'),
    [Symbol.asyncDispose]: async () => {
      await shutdown('close')
    },
  }
}
