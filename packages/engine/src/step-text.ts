import type { Criterion } from './criterion.ts'
import { formatDuration } from './format-duration.ts'
import type { Plan } from './plan.ts'
import type { RouteRule } from './route-rule.ts'
import type { DrainSettings, OnInconclusive, ShiftTarget, Step } from './step.ts'

/** One step in words. */
export function stepText(step: Step, plan: Plan): string {
  switch (step.step) {
    case 'migrate':
      return `run the schema phase "${step.phase}"`
    case 'launch':
      return launchText(step)
    case 'shift':
      return shiftText(step)
    case 'replace':
      return replaceText(step)
    case 'bake':
      return `wait ${formatDuration(step.durationMs)}`
    case 'judge':
      return `gate "${step.gate}": judge ${judgeText(step, plan)}`
    case 'approve':
      return `gate "${step.gate}": ${approveText(step)}`
    case 'hook':
      return `hook "${step.name}": up to ${times(step.attempts)} of ${formatDuration(step.timeoutMs)}; ${orElse(step.onInconclusive)}`
    case 'drain':
      return `let the requests of "${step.release}" end (${drainText(step)})`
    case 'stop':
      return `stop "${step.release}"`
  }
}

function launchText(step: Extract<Step, { step: 'launch' }>): string {
  const { instances: all, atLeast, release } = step
  const which = atLeast === undefined ? '' : `${atLeast} of `
  return `have ${which}${instances(all)} of "${release}" ready (${readiness(step)})`
}

function readiness({
  minReadyMs,
  readyWithinMs,
}: Extract<Step, { step: 'launch' | 'replace' }>): string {
  const stays = minReadyMs > 0 ? `, and stay so for ${formatDuration(minReadyMs)}` : ''
  return `within ${formatDuration(readyWithinMs)}${stays}`
}

function shiftText({ weights, rules = [], affinity, mirror }: ShiftTarget): string {
  const shares = Object.entries(weights).filter(([, weight]) => weight > 0)
  const route =
    shares.length === 0
      ? 'take the service out of the routes'
      : `route ${shares.map(([release, weight]) => `${weight / 100}% to "${release}"`).join(', ')}`
  return [
    route,
    ...rules.map((rule) => `and ${mark(rule)} to "${rule.release}"`),
    ...(affinity ? [`each user on one side, told by ${keyOf(affinity)}`] : []),
    ...(mirror ? [`copies of ${mirror.weight / 100}% to "${mirror.release}"`] : []),
  ].join('; ')
}

function mark(rule: RouteRule): string {
  return `whatever has ${keyOf(rule)}${rule.value === undefined ? '' : ` = "${rule.value}"`}`
}

function keyOf({ header, cookie }: { readonly header?: string; readonly cookie?: string }): string {
  return header === undefined ? `the cookie "${cookie ?? ''}"` : `the header "${header}"`
}

function replaceText(step: Extract<Step, { step: 'replace' }>): string {
  const { release, replicas, surge, unavailable, until } = step
  const target =
    until === undefined
      ? `replace all others by ${instances(replicas)} of "${release}"`
      : `bring in ${instances(until)} of "${release}" at first`
  return `${target}, ${surge} more and ${unavailable} fewer at most (${readiness(step)}; ${drainText(step.drain)})`
}

function drainText({ deadlineMs, onDeadline }: DrainSettings): string {
  const then = { force: 'then cut', extend: 'again and again', hold: 'then stop nothing' }
  return `draining ${formatDuration(deadlineMs)}, ${then[onDeadline]}`
}

function judgeText(step: Extract<Step, { step: 'judge' }>, { from }: Plan): string {
  const all = Object.entries(step.indicators).map(
    ([name, one]) => `${name} (${criterionText(one, from?.id)})`,
  )
  const looks = `every ${formatDuration(step.everyMs)} for up to ${formatDuration(step.deadlineMs)}`
  return `${all.join(', ')} ${looks}; ${orElse(step.onInconclusive)}`
}

function criterionText(criterion: Criterion, baseline = 'the baseline'): string {
  if (criterion.kind === 'compare-samples')
    return `no higher than "${baseline}" by more than ${criterion.tolerance * 100}%`
  const slow =
    criterion.overMs === undefined ? '' : `slower than ${formatDuration(criterion.overMs)}: `
  return criterion.kind === 'bound-rate'
    ? `${slow}at most ${criterion.limit * 100}%`
    : `${slow}fails above ${criterion.tolerance} times "${baseline}", passes below ${criterion.ratioMax} times`
}

function approveText(step: Extract<Step, { step: 'approve' }>): string {
  const people = step.quorum === 1 ? 'a person approves' : `${step.quorum} people approve`
  const notRequester = step.notRequester ? ', not the one who asked for it' : ''
  return step.expiresMs === undefined
    ? `${people}${notRequester}`
    : `${people}${notRequester} within ${formatDuration(step.expiresMs)}; ${orElse(step.onInconclusive)}`
}

function orElse(onInconclusive: OnInconclusive = 'roll-back'): string {
  return onInconclusive === 'hold' ? 'without a verdict it holds' : 'without a verdict it goes back'
}

function instances(n: number): string {
  return `${n} instance${n === 1 ? '' : 's'}`
}

function times(n: number): string {
  return n === 1 ? 'one attempt' : `${n} attempts`
}
