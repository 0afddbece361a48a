/** Every code that this package throws, with the place that throws it. Codes are stable: match on them, not on messages. */
export type LifecycleErrorCode =
  /** `createLifecycle`: an option is unknown, of the wrong type or out of range. */
  | 'CHANGEOVER_LIFECYCLE_OPTION_INVALID'
  /** `createLifecycle`: `drain.deadline` leaves no room for `drain.notice` and `drain.quiet` or `drain.streams`. */
  | 'CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT'
  /** `attach`: the argument is no server of `node:http`, `node:https` or `node:http2`, and no `WebSocketServer`. */
  | 'CHANGEOVER_LIFECYCLE_SERVER_INVALID'
  /** `attach`: the server has been attached before. */
  | 'CHANGEOVER_LIFECYCLE_SERVER_ATTACHED'
  /** `attach`, `ready`, `onDrain`, `onStop`: the drain began already. */
  | 'CHANGEOVER_LIFECYCLE_DRAINING'
  /** `onDrain`, `onStop`: no name, no function, or a name that is taken. */
  | 'CHANGEOVER_LIFECYCLE_HOOK_INVALID'
  /** `track`: neither a promise nor a name. */
  | 'CHANGEOVER_LIFECYCLE_WORK_INVALID'
  /** `createLifecycle`: the registry has a metric of the same name that is not ours. */
  | 'CHANGEOVER_LIFECYCLE_METRIC_TAKEN'
  /** `probesAddress`: the port for probes is taken or may not be used. */
  | 'CHANGEOVER_LIFECYCLE_PROBES_FAILED'

const brand = Symbol.for('changeover.lifecycle.error')

/**
 * Misuse of a lifecycle. The message says what was refused, why it is dangerous and what to do next.
 *
 * `instanceof` holds across two installed copies of this package.
 */
export class LifecycleError extends Error {
  override readonly name: string = 'LifecycleError'
  /** Which mistake this is; see {@link LifecycleErrorCode}. */
  readonly code: LifecycleErrorCode

  constructor(code: LifecycleErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    Object.defineProperty(this, brand, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}
