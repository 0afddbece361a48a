import type { Entry, Step } from '@changeover/engine'

/** The step under way, as its journal tells of time. */
interface Stopwatch {
  step: Step | undefined
  startedAt: number
  pausedMs: number
  pausedSince: number | undefined
  /** Since when somebody could have ended the step: an engine leads, and it is not paused. */
  freeAt: number
  held: boolean
  /** Time ends no step any more. */
  promoted: boolean
  readonly commands: Set<string>
}

/**
 * Checks that a step ends neither before its deadline nor, where an engine leads, long after it: counted from the journaled
 * start, pauses left out, whatever was restarted meanwhile.
 */
export function watchDeadlines(
  slackMs: number,
  violate: (rule: number, what: string) => void,
): (entry: Entry) => void {
  const watch: Stopwatch = {
    step: undefined,
    startedAt: 0,
    pausedMs: 0,
    pausedSince: undefined,
    freeAt: 0,
    held: false,
    promoted: false,
    commands: new Set(),
  }
  return (entry) => {
    const problem = endsStep(watch, entry) ? timeProblem(watch, entry.at, slackMs) : undefined
    if (problem !== undefined) violate(12, `${watch.step?.step} ${problem}`)
    follow(watch, entry)
  }
}

/** Whether time has ended the step. */
function endsStep({ step }: Stopwatch, entry: Entry): boolean {
  if (entry.type === 'step-finished') return step?.step === 'bake'
  return entry.type === 'judged' && entry.verdict.verdict === 'inconclusive'
}

function timeProblem(watch: Stopwatch, at: number, slackMs: number): string | undefined {
  const { step, startedAt, pausedMs, pausedSince, freeAt, promoted } = watch
  const limitMs = step && limitOf(step)
  if (limitMs === undefined || promoted) return undefined
  const due = startedAt + limitMs + pausedMs
  // What was paused later was over already, and only waits for a table.
  if (pausedSince !== undefined && pausedSince < due) return 'ends while it is paused'
  if (at < due) return `ends ${due - at} ms before its time`
  return at > Math.max(due, freeAt) + slackMs ? `ends ${at - due} ms after its time` : undefined
}

function follow(watch: Stopwatch, entry: Entry): void {
  switch (entry.type) {
    case 'led':
      watch.freeAt = entry.at
      return
    case 'step-started':
      Object.assign(watch, { step: entry.step, startedAt: entry.at, pausedMs: 0 })
      return
    case 'step-finished':
      watch.step = undefined
      return
    case 'commanded':
      return command(watch, entry)
    case 'held':
      watch.held = true
      watch.pausedSince ??= entry.at
      return
    case 'turned-back':
      watch.promoted = true
      return
    default:
  }
}

function command(watch: Stopwatch, entry: Extract<Entry, { type: 'commanded' }>): void {
  if (watch.commands.has(entry.id)) return
  watch.commands.add(entry.id)
  watch.promoted ||= entry.command === 'promote'
  if (entry.command === 'pause') watch.pausedSince ??= entry.at
  if (entry.command === 'resume') goOn(watch, entry.at)
}

/** A gate that held is tried anew, with all of its time. */
function goOn(watch: Stopwatch, at: number): void {
  const { pausedSince, held } = watch
  if (pausedSince === undefined) return
  watch.pausedMs = held ? 0 : watch.pausedMs + Math.max(0, at - pausedSince)
  if (held) watch.startedAt = at
  watch.pausedSince = undefined
  watch.freeAt = at
  watch.held = false
}

/** For how long the step may be under way, where time alone ends it. */
function limitOf(step: Step): number | undefined {
  switch (step.step) {
    case 'bake':
      return step.durationMs
    case 'judge':
      return step.deadlineMs
    case 'approve':
      return step.expiresMs
    default:
      return undefined
  }
}
