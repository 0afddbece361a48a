import type { RouterCapabilities } from './router.ts'
import { FULL_WEIGHT } from './route-table.ts'
import type { ShiftTarget, Step } from './step.ts'

/** What a router cannot do, and what to do about it. */
export interface RoutingProblem {
  readonly problem: string
  readonly remedy: string
}

/** What of a shift a router could not put in force as it is written; nothing is ever rounded or left out. Pure. */
export function routingProblem(
  { weights, rules = [], affinity, mirror }: ShiftTarget,
  capabilities: RouterCapabilities,
): RoutingProblem | undefined {
  const { granularity = 1, split = 'request' } = capabilities
  const fine = Object.values(weights).find((weight) => weight % granularity !== 0)
  if (fine !== undefined)
    return {
      problem: `it weighs in steps of ${percent(granularity)}, and a step asks for ${percent(fine)}`,
      remedy: `Give weights that are multiples of ${percent(granularity)}.`,
    }
  if (rules.length > 0 && !capabilities.rules)
    return {
      problem: 'it cannot tell requests by header or cookie',
      remedy: 'Leave out preview and route(), or use a router that can.',
    }
  if (mirror && !capabilities.mirror)
    return {
      problem: 'it cannot copy requests',
      remedy: 'Leave out mirror(), or use a router that can.',
    }
  if (!affinity) return undefined
  if (!capabilities.affinity)
    return {
      problem: 'it cannot keep users on one side',
      remedy: 'Leave out affinity, or use a router that can.',
    }
  if (split === 'request') return undefined
  return {
    problem: 'it splits connections, not requests, and users do not keep theirs',
    remedy: 'Leave out affinity, or use a router that splits requests.',
  }
}

/** What a person should know of the router before saying yes to these steps. */
export function routingWarnings(
  steps: readonly Step[],
  { split = 'request' }: RouterCapabilities,
): string[] {
  const partial = steps.some((step) => step.step === 'shift' && isPartial(step))
  return partial && split === 'connection'
    ? [
        'the router splits connections, not requests: long-lived ones keep their side, and shares are reached late',
      ]
    : []
}

function isPartial({ weights }: ShiftTarget): boolean {
  return Object.values(weights).some((weight) => weight > 0 && weight < FULL_WEIGHT)
}

function percent(basisPoints: number): string {
  return `${basisPoints / 100}%`
}
