/** What an error of this package says; `{name}` stands for a fact of the case at hand. */
interface ErrorTemplate {
  /** What was refused, with the field and the value. */
  readonly what: string
  /** Why going on would be dangerous. */
  readonly why: string
  /** What the reader does next. */
  readonly next: string
}

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

/** One template per code; `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<LifecycleErrorCode, ErrorTemplate>> = {
  CHANGEOVER_LIFECYCLE_OPTION_INVALID: {
    what: '{caller} refuses its options:\n{problems}\n',
    why: 'A mistake here would only show at the first SIGTERM in production.',
    next: 'Nothing was started. Correct the fields that are named.',
  },
  CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT: {
    what:
      'drain.deadline is {deadline} ms, less than drain.notice ({notice} ms) + the longer one of drain.quiet ({quiet} ms) and ' +
      'drain.streams ({streams} ms).',
    why: 'Requests would be cut before the server has stopped accepting them.',
    next: 'Raise drain.deadline to {least} ms or more, or lower drain.notice.',
  },
  CHANGEOVER_LIFECYCLE_SERVER_INVALID: {
    what:
      'attach got a value of type {type} that is no server of node:http, node:https or node:http2 and no WebSocketServer that ' +
      'tracks its clients.',
    why: 'Its connections cannot be drained, so a SIGTERM would drop their requests.',
    next:
      'Pass what createServer or createSecureServer returned (a framework usually holds it as app.server, or returns it from ' +
      'listen()), or a WebSocketServer without clientTracking: false.',
  },
  CHANGEOVER_LIFECYCLE_SERVER_ATTACHED: {
    what: 'attach got the same server twice.',
    why: 'It would be drained twice, and its requests counted twice.',
    next: 'Attach each server once.',
  },
  CHANGEOVER_LIFECYCLE_DRAINING: {
    what: '{call} was called after the drain began (the lifecycle is {state}).',
    why: 'The process is on its way out and would not keep what it promises.',
    next: 'Call {call} during start-up, and check lifecycle.state where start-up and a signal can meet.',
  },
  CHANGEOVER_LIFECYCLE_HOOK_INVALID: {
    what: 'The hook was refused: {problem}.',
    why: 'A report could not say which one failed.',
    next: 'Give every hook a name of its own, and a function.',
  },
  CHANGEOVER_LIFECYCLE_WORK_INVALID: {
    what: 'track got {value}, which is no promise and no name.',
    why: 'The drain could not wait for it and would stop the process in its middle.',
    next: 'Pass the promise itself, or a name and call the function you get back.',
  },
  CHANGEOVER_LIFECYCLE_METRIC_TAKEN: {
    what: 'registry has a metric {metric} that is not of this package (or of another copy of it).',
    why: 'Two meanings under one name would mislead whoever is alarmed by it.',
    next: 'Rename the other one, or pass a registry of its own and merge them when scraped.',
  },
  CHANGEOVER_LIFECYCLE_PROBES_FAILED: {
    what: 'The probes cannot listen on {host}:{port} ({problem}).',
    why: 'Whoever asks there would take this process for dead.',
    next: 'Free the port, or choose another in the option probes.',
  },
}
