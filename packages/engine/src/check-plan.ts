import { refuse } from './changeover-error.ts'
import { exchangeProblem, type RoutingProblem, routingProblem } from './check-routing.ts'
import type { Plan } from './plan.ts'
import { extrasProblem } from './route-rule.ts'
import type { RouterCapabilities } from './router.ts'
import type { Ports } from './run.ts'
import { FULL_WEIGHT } from './route-table.ts'
import type { Step, Window } from './step.ts'

const KNOWN_STEPS = 'migrate, launch, shift, replace, bake, judge, approve, hook, drain, stop'

/** What is known of the outside when a plan is made. */
export interface PlanFacts {
  /** What the router can do. @default every default of the port */
  readonly router?: RouterCapabilities
  /** Releases beside the two of the plan that have instances: a plan may end them. @default none */
  readonly others?: readonly string[]
  /** Instances of the release in place. @default as many as the plan is to have */
  readonly running?: number
}

/**
 * Refuses a plan that could not be carried through with what the engine was given: all mistakes that can be known
 * before anything is started.
 *
 * @throws ChangeoverError `CHANGEOVER_PLAN_INVALID`, `CHANGEOVER_HOOK_UNKNOWN`, `CHANGEOVER_PORT_MISSING`,
 *   `CHANGEOVER_CAPABILITY_MISSING`
 */
export function checkPlan(plan: Plan, ports: Ports, facts: PlanFacts = {}): Plan {
  if (plan.steps.length === 0) throw invalid(plan, 'it has no steps', 'Give it at least one step.')
  for (const step of [...plan.steps, ...plan.rollback]) {
    checkStep(plan, step, ports)
    if (step.step === 'shift') checkRouting(plan, step, ports, facts)
    if (step.step === 'replace') checkExchange(plan, step, ports, facts)
    if (step.step === 'drain' || step.step === 'stop')
      checkRelease(plan, step.release, facts.others)
  }
  checkGateNames(plan)
  return plan
}

function checkRouting(
  plan: Plan,
  { affinity, ...target }: Extract<Step, { readonly step: 'shift' }>,
  ports: Ports,
  { router }: PlanFacts,
): void {
  const extras = { ...target, ...(affinity ? { affinity: { ...affinity, salt: '' } } : {}) }
  const known = new Set([plan.to.id, ...(plan.from ? [plan.from.id] : [])])
  const vague = extrasProblem(extras, known)
  if (vague !== undefined) throw invalid(plan, vague, 'Name one of the two releases, and one mark.')
  if (!router) return
  refuseMissing(routingProblem({ ...target, ...(affinity ? { affinity } : {}) }, router), ports)
}

function checkExchange(
  plan: Plan,
  { release }: Extract<Step, { readonly step: 'replace' }>,
  ports: Ports,
  { router, others = [], running = plan.from ? plan.replicas : 0 }: PlanFacts,
): void {
  if (!router) return
  const { maxTotal: total } = plan.capacity
  const back = release === plan.from?.id
  // What an earlier rollout left behind is exchanged too, and its share is one more.
  const older = others.length > 0 ? total : running
  const [incoming, outgoing] = back ? [older, plan.replicas] : [plan.replicas, older]
  refuseMissing(exchangeProblem({ incoming, outgoing, total }, router), ports)
}

function refuseMissing(missing: RoutingProblem | undefined, { router }: Ports): void {
  if (!missing) return
  const { problem, remedy } = missing
  throw refuse('CHANGEOVER_CAPABILITY_MISSING', { router: router.name, problem, remedy })
}

/** An approval or a verdict must count for one gate only. */
function checkGateNames(plan: Plan): void {
  const gates = plan.steps.flatMap((step) =>
    step.step === 'judge' || step.step === 'approve' ? [step.gate] : [],
  )
  const twice = gates.find((gate, i) => gates.indexOf(gate) < i)
  if (twice === undefined) return
  throw invalid(plan, `two gates are named "${twice}"`, 'Give every gate a name of its own.')
}

function checkStep(plan: Plan, step: Step, ports: Ports): void {
  switch (step.step) {
    case 'hook':
      if (!Object.hasOwn(ports.hooks, step.name)) {
        throw refuse('CHANGEOVER_HOOK_UNKNOWN', { hook: step.name })
      }
      return
    case 'judge':
      if (!ports.metrics)
        throw refuse('CHANGEOVER_PORT_MISSING', { step: 'judge', port: 'metrics' })
      if (Object.keys(step.indicators).length > 0) return
      throw invalid(plan, `gate "${step.gate}" judges nothing`, 'Name at least one indicator.')
    case 'migrate':
      if (ports.migrations) return
      throw refuse('CHANGEOVER_PORT_MISSING', { step: 'migrate', port: 'migrations' })
    case 'approve':
      if (step.quorum >= 1) return
      throw invalid(plan, `gate "${step.gate}" needs nobody`, 'Give a quorum of 1 or more.')
    case 'shift':
      return checkWeights(plan, step.weights)
    case 'replace':
      checkWindow(plan, step)
      return checkRelease(plan, step.release)
    case 'launch':
      checkLeast(plan, step)
      return checkRelease(plan, step.release)
    case 'bake':
    case 'drain':
    case 'stop':
      return
    default:
      throw invalid(plan, `it has a step ${JSON.stringify(step)}`, `Known steps: ${KNOWN_STEPS}.`)
  }
}

function checkLeast(
  plan: Plan,
  { atLeast, instances }: Extract<Step, { readonly step: 'launch' }>,
): void {
  if (atLeast === undefined) return
  if (Number.isInteger(atLeast) && atLeast >= 1 && atLeast <= instances) return
  const remedy = 'Give a whole number from 1 to instances, or leave atLeast out.'
  throw invalid(plan, `a launch of ${instances} is to go on with ${atLeast} of them`, remedy)
}

function checkWindow(plan: Plan, { replicas, surge, unavailable }: Window): void {
  const counts = [replicas, surge, unavailable].every(
    (count) => Number.isInteger(count) && count >= 0,
  )
  const moves = surge + unavailable > 0
  if (counts && moves && replicas > unavailable) return
  const remedy = 'Give whole numbers: surge or unavailable above 0, and replicas above unavailable.'
  const window = `replicas ${replicas}, surge ${surge}, unavailable ${unavailable}`
  throw invalid(plan, `a replace with ${window} could never progress or never serve`, remedy)
}

function checkWeights(plan: Plan, weights: Readonly<Record<string, number>>): void {
  const shares = Object.values(weights)
  for (const release of Object.keys(weights)) checkRelease(plan, release)
  const whole = shares.every((weight) => Number.isInteger(weight) && weight >= 0)
  const sum = shares.reduce((total, weight) => total + weight, 0)
  if (whole && (shares.length === 0 || sum === FULL_WEIGHT)) return
  const remedy = `Give whole basis points that sum to ${FULL_WEIGHT}.`
  throw invalid(plan, `a shift has the weights ${JSON.stringify(weights)}`, remedy)
}

function checkRelease(plan: Plan, release: string, others: readonly string[] = []): void {
  if (release === plan.to.id || release === plan.from?.id || others.includes(release)) return
  const remedy = 'Steps may name the release in place and the new one.'
  throw invalid(plan, `a step names the release "${release}"`, remedy)
}

function invalid({ strategy }: Plan, problem: string, remedy: string): Error {
  return refuse('CHANGEOVER_PLAN_INVALID', { strategy, problem, remedy })
}
