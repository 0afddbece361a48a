import type { ErrorCode } from './error-code.ts'

/** Facts that fill an error's message. */
export type ErrorDetails = Readonly<Record<string, unknown>>

interface ErrorTemplate {
  /** What was refused, with the field and the value. */
  readonly what: string
  /** Why going on would be dangerous. */
  readonly why: string
  /** What the reader does next. */
  readonly next: string
}

/** One template per code; `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorTemplate>> = {
  CHANGEOVER_OPTION_INVALID: {
    what: 'Option "{field}" was refused: {problem} (got {value}).',
    why: 'A deploy that starts on a misread option fails half way, where it costs most.',
    next: 'Nothing was started. {remedy}',
  },
  CHANGEOVER_DURATION_INVALID: {
    what: 'Option "{field}" is not a duration: {value}.',
    why: 'A misread time limit either never ends or ends at once.',
    next: 'Give milliseconds as a number, or a string such as "250ms", "30s", "5m".',
  },
  CHANGEOVER_CAPACITY_INVALID: {
    what: 'Option "{field}" is not a count or a percentage: {value}.',
    why: 'Surge and unavailable decide how many instances serve while versions are exchanged.',
    next: 'Give a whole number of instances such as 2, or a percentage such as "25%".',
  },
  CHANGEOVER_CAPACITY_NEVER_SERVES: {
    what: 'With {replicas} replica(s), maxUnavailable {value} would leave no instance serving.',
    why: 'The service would be down while the new release starts.',
    next: 'Set maxUnavailable to 0 and maxSurge to 1 or more, or raise replicas.',
  },
  CHANGEOVER_WEIGHTS_INVALID: {
    what: 'The route table of "{service}" was refused: {problem}.',
    why: 'Weights that do not sum to 10,000 basis points send traffic where nobody decided.',
    next: 'Give whole, non-negative basis points that sum to exactly 10,000.',
  },
  CHANGEOVER_ROUTER_TABLE_INVALID: {
    what: 'The route table of "{service}" was refused, since no router can follow it: {problem}.',
    why: 'Requests sent there would fail.',
    next: 'Nothing was changed. Give a whole revision and fence, and addresses such as "127.0.0.1:3000" or "[::1]:3000".',
  },
  CHANGEOVER_ROUTER_NOT_REPRESENTABLE: {
    what: 'The route table of "{service}" was refused, since the router cannot follow it: {problem}.',
    why: 'A table that is rounded or followed in part sends requests where nobody decided.',
    next: 'Nothing was changed. {remedy}',
  },
  CHANGEOVER_PLAN_INVALID: {
    what: 'The plan of strategy "{strategy}" was refused: {problem}.',
    why: 'A plan that cannot end well must not begin.',
    next: '{remedy}',
  },
  CHANGEOVER_RELEASE_CURRENT: {
    what: 'Release "{release}" already is the current release of "{service}".',
    why: 'Replacing a release by itself would mix up old and new instances.',
    next: 'Give the new release an id of its own.',
  },
  CHANGEOVER_ROLLOUT_RUNNING: {
    what: 'Service "{service}" already has rollout "{rollout}" under way.',
    why: 'Two rollouts on one service would undo each other.',
    next: 'Wait for it to finish, or abort it first.',
  },
  CHANGEOVER_ROLLOUT_UNKNOWN: {
    what: 'There is no rollout "{rollout}".',
    why: 'A command that reaches nothing must not look like one that was obeyed.',
    next: 'List those of a service with engine.history(service), or with "changeover history SERVICE".',
  },
  CHANGEOVER_ROLLOUT_FINISHED: {
    what: 'Rollout "{rollout}" has finished ({outcome}); "{command}" was refused.',
    why: 'A finished rollout can no longer change anything.',
    next: 'Start a new rollout, or call engine.rollback(service).',
  },
  CHANGEOVER_GATE_UNKNOWN: {
    what: 'Rollout "{rollout}" is not waiting at gate "{gate}".',
    why: 'An approval given for the wrong gate would let something else through.',
    next: 'Approve one of the gates that the plan names: {gates}.',
  },
  CHANGEOVER_COMMAND_REFUSED: {
    what: 'The command "{command}" was refused for rollout "{rollout}": {problem}.',
    why: 'A command that cannot do what it says must not look like one that was obeyed.',
    next: 'Nothing was changed. Look at the rollout, and ask for what it can do now.',
  },
  CHANGEOVER_ROLLBACK_IMPOSSIBLE: {
    what: 'Service "{service}" cannot be rolled back to "{release}": {problem}.',
    why: 'Traffic would go to a release that nobody recorded as healthy.',
    next: 'Choose one of the recorded releases: {releases}.',
  },
  CHANGEOVER_WINDOW_CLOSED: {
    what: 'The window of rollout "{rollout}" closed before it was done: {problem}.',
    why: 'The plan says that a release which is not in place by then is to be taken back.',
    next: 'The service goes back to the release that it had. Start again when the window is open.',
  },
  CHANGEOVER_HOOK_UNKNOWN: {
    what: 'The plan names the hook "{hook}", which is not registered with the engine.',
    why: 'The rollout would stop there, half way.',
    next: 'Register it: createEngine({ hooks: { {hook}: async () => … } }).',
  },
  CHANGEOVER_PORT_MISSING: {
    what: 'The plan has a "{step}" step, and the engine was given no "{port}".',
    why: 'The rollout would stop there, half way.',
    next: 'Give createEngine a "{port}", or leave the step out.',
  },
  CHANGEOVER_INDICATOR_UNKNOWN: {
    what: 'The metrics port "{metrics}" cannot tell the indicator "{indicator}": {problem}.',
    why: 'An indicator that never has data would keep its gate from ever coming to a verdict.',
    next: '{remedy}',
  },
  CHANGEOVER_CAPABILITY_MISSING: {
    what: 'The router "{router}" cannot put the plan in force: {problem}.',
    why: 'A table that is rounded, or put in force in part, sends users where nobody decided.',
    next: '{remedy}',
  },
  CHANGEOVER_ENGINE_CLOSED: {
    what: '"{call}" was refused: the engine is closed.',
    why: 'Nobody would watch over what it started.',
    next: 'Create a new engine on the same store; resume() goes on where this one stopped.',
  },
  CHANGEOVER_CONFLICT: {
    what: 'The journal of rollout "{rollout}" stands at entry {actual}, not at {expected}.',
    why: 'Another engine writes to it; two writers would make two histories.',
    next: 'Read the journal again before deciding anything.',
  },
  CHANGEOVER_LEASE_HELD: {
    what: 'Service "{service}" is led by "{holder}" for another {remainingMs} ms.',
    why: 'Two engines on one service would undo each other.',
    next: 'Wait until the lease lapses, or stop the other engine.',
  },
  CHANGEOVER_LEASE_LOST: {
    what: 'The lease on service "{service}" was lost to fence {fence}.',
    why: 'Another engine leads now; whatever this one does would be out of date.',
    next: 'Nothing more was done here. The other engine goes on from the journal.',
  },
  CHANGEOVER_FENCE_STALE: {
    what: 'A call with fence {fence} for "{service}" was refused: {current} is in force.',
    why: 'It comes from an engine that no longer leads.',
    next: 'Nothing was changed. The engine that leads goes on from the journal.',
  },
  CHANGEOVER_JOURNAL_CORRUPT: {
    what: 'The journal of rollout "{rollout}" is damaged at entry {seq}, offset {offset}: {problem}.',
    why: 'Decisions read from a damaged journal could stop instances that serve.',
    next: 'Nothing was overwritten. Restore {path} from a copy, or move it away and observe the service by hand.',
  },
  CHANGEOVER_LAUNCH_FAILED: {
    what: 'Instance "{instance}" could not be launched: {problem}.',
    why: 'Without it the service would run short of capacity.',
    next: 'Look at its last output: {output}',
  },
  CHANGEOVER_NOT_READY: {
    what: 'Instance "{instance}" was not ready within {withinMs} ms: {problem}.',
    why: 'Traffic goes only to instances that have proved themselves ready.',
    next: 'Look at its last output: {output}',
  },
  CHANGEOVER_NOT_CONVERGED: {
    what: 'The router was not observed to follow revision {revision} of "{service}": {problem}.',
    why: 'Stopping an instance that may still get requests drops them.',
    next: 'Nothing was stopped. Look at the router, then resume or roll back.',
  },
  CHANGEOVER_NOT_DRAINED: {
    what: 'Instance "{instance}" still had {inFlight} request(s) in flight at the drain deadline.',
    why: 'The plan says to hold rather than to cut them.',
    next: 'Nothing was stopped. Wait for the requests, or stop it by hand.',
  },
  CHANGEOVER_INSTANCE_LOST: {
    what: 'Instance "{instance}" was ready and then ended by itself: {problem}.',
    why: 'A release whose instances end by themselves must not take over the service.',
    next: 'Look at its last output, mend the release, and deploy it under a new id.',
  },
  CHANGEOVER_STEP_FAILED: {
    what: 'A step of the plan failed: {problem}.',
    why: 'Going on past a step that did not reach its end would rest on nothing.',
    next: 'Look at the cause, mend it, and start again.',
  },
  CHANGEOVER_END_NOT_REACHED: {
    what: 'The plan ended, and "{release}" does not have all traffic: {problem}.',
    why: 'A rollout that only believes in its success leaves nobody looking.',
    next: 'Let the plan end with all weight on one release, and look at its instances.',
  },
  CHANGEOVER_GATE_FAILED: {
    what: 'Gate "{gate}" did not pass: {problem}.',
    why: 'Nothing is promoted without evidence.',
    next: 'Read the verdict and its evidence in the journal.',
  },
  CHANGEOVER_ABORTED: {
    what: 'The rollout was aborted by {actor}: {problem}.',
    why: 'A person decided that the new release must not go on.',
    next: 'The service goes back to the release that it had.',
  },
  CHANGEOVER_ENTRY_INVALID: {
    what: 'Entry {seq} was refused for the journal of rollout "{rollout}": {problem}.',
    why: 'A journal whose chain is broken could not be read again.',
    next: 'Nothing was written. Make entries with chainEntry(), each from the one before it.',
  },
  CHANGEOVER_LEASE_CORRUPT: {
    what: 'The lease of service "{service}" in {path} cannot be read: {problem}.',
    why: 'A fence that began again at 1 would let an engine act that was replaced long ago.',
    next: 'Restore the file from a copy, or write it anew with a fence above every one in the journals.',
  },
  CHANGEOVER_STORE_LOCKED: {
    what: '{path} was still locked after {waitedMs} ms, by process {pid} on "{host}".',
    why: 'Two writers at once would damage the journal, and that process is not proved to be dead.',
    next: 'Nothing was written. If that process has ended, delete {path}.',
  },
  CHANGEOVER_STORE_FAILED: {
    what: 'The store in {directory} failed in {call}: {problem}.',
    why: 'Whether something was written is not known.',
    next: 'Mend the disk (space, permissions), and read the journal again before deciding anything.',
  },
  CHANGEOVER_STORE_CLOSED: {
    what: '"{call}" was refused: the store is closed.',
    why: 'What is not written down cannot be resumed.',
    next: 'Open the store again; it holds everything that was acknowledged.',
  },
  CHANGEOVER_METRIC_TAKEN: {
    what: 'The registry has a metric {metric} that is not of this package (or of another copy of it).',
    why: 'Two meanings under one name would mislead whoever is alarmed by it.',
    next: 'Rename the other one, or pass a registry of its own and merge them when scraped.',
  },
  CHANGEOVER_MIGRATION_REFUSED: {
    what: 'The schema phase "{phase}" was refused as {verdict}: {findings}.',
    why: 'A release that may run, or be rolled back to, could not live with the schema after it.',
    next: 'Nothing was changed. Mend the migration, leave the phase for a later rollout, or name the releases that are given up: start({ giveUpRollbackTo: [...] }).',
  },
}
