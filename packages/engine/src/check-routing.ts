import type { RouterCapabilities } from './router.ts'
import { FULL_WEIGHT, proportionalWeights } from './route-table.ts'
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
  const fine = tooFine(Object.values(weights), granularity)
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

/** How many instances of either side may serve while they are exchanged. */
export interface ExchangeCounts {
  readonly incoming: number
  readonly outgoing: number
  /** Of both together. */
  readonly total: number
}

/** What of an exchange, whose weights go by the number of instances, a router could not put in force. Pure. */
export function exchangeProblem(
  counts: ExchangeCounts,
  { granularity = 1 }: RouterCapabilities,
): RoutingProblem | undefined {
  const fine = tooFine(exchangeWeights(counts), granularity)
  if (fine === undefined) return undefined
  return {
    problem: `it weighs in steps of ${percent(granularity)}, and instances that are exchanged a few at a time need any share, such as ${percent(fine)}`,
    remedy: `Use blueGreen(), or canary() with weights that are multiples of ${percent(granularity)}.`,
  }
}

/**
 * Weights that an exchange may come to, whatever instances it loses on the way. Two of one side beside one of the other
 * stand for all that is more: no step but the finest divides a third.
 */
function exchangeWeights({ incoming, outgoing, total }: ExchangeCounts): readonly number[] {
  if (incoming < 1 || outgoing < 1 || total < 2) return [FULL_WEIGHT]
  const halves = proportionalWeights([1, 1])
  const more = total > 2 && Math.max(incoming, outgoing) > 1
  return [FULL_WEIGHT, ...halves, ...(more ? proportionalWeights([1, 2]) : [])]
}

function tooFine(weights: readonly number[], granularity: number): number | undefined {
  return weights.find((weight) => weight % granularity !== 0)
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
