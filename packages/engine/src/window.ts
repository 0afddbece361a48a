import type { Window } from './step.ts'

/** What is running while the instances of one release replace all others. Counts leave out nothing that may still run. */
export interface WindowView extends Window {
  /** Instances of the new release, those that are stopping left out. */
  readonly incoming: number
  /** Of them, those that count as available. */
  readonly incomingAvailable: number
  /** Instances of other releases that are available and not on their way out. */
  readonly outgoingAvailable: number
  /** All instances of other releases, stopping ones too. */
  readonly outgoing: number
  /** Everything that runs, stopping instances too. */
  readonly running: number
}

/** What to do next: how many to launch, or how many available instances of other releases to take out. */
export interface WindowMove {
  readonly launch: number
  readonly retire: number
}

/**
 * The next move of a sliding window: a new instance starts as soon as the surge allows, an old one goes as soon as
 * enough others are available. Launches come first, so that a fast new release spares capacity. Pure and total.
 */
export function nextMove(view: WindowView): WindowMove {
  const { replicas, surge, incoming, running } = view
  const launch = Math.max(0, Math.min(replicas - incoming, replicas + surge - running))
  if (launch > 0) return { launch, retire: 0 }
  return { launch, retire: Math.max(0, Math.min(spareOf(view), view.outgoingAvailable)) }
}

/** How many available instances could go; negative where too few are left already. */
export function spareOf(view: WindowView): number {
  const { replicas, unavailable, incomingAvailable, outgoingAvailable } = view
  return incomingAvailable + outgoingAvailable - (replicas - unavailable)
}

/** Whether nothing is left to exchange. */
export function isExchanged(view: WindowView): boolean {
  return view.outgoing === 0 && view.incomingAvailable >= view.replicas
}
