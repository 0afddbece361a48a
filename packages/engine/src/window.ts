import type { Window } from './step.ts'

/** What is running while the instances of one release replace all others. Counts leave out nothing that may still run. */
export interface WindowView extends Window {
  /** New instances that are enough for now; whatever need not go for them stays. @default all are exchanged */
  readonly until?: number
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
  const { replicas, surge, incoming, running, until = replicas } = view
  const launch = Math.max(0, Math.min(until - incoming, replicas + surge - running))
  if (launch > 0) return { launch, retire: 0 }
  const retire = Math.min(spareOf(view), view.outgoingAvailable, roomWanted(view))
  return { launch, retire: Math.max(0, retire) }
}

/** How many instances have to go, beyond those that are going already, to make room for the new ones that are wanted. */
function roomWanted(view: WindowView): number {
  const { replicas, surge, running, until, incoming, outgoing, outgoingAvailable } = view
  if (until === undefined) return Infinity
  if (incoming >= until) return 0
  return running + until - incoming - (replicas + surge) - (outgoing - outgoingAvailable)
}

/** How many available instances could go; negative where too few are left already. */
export function spareOf(view: WindowView): number {
  const { replicas, unavailable, incomingAvailable, outgoingAvailable } = view
  return incomingAvailable + outgoingAvailable - (replicas - unavailable)
}

/** Whether nothing is left to exchange, for now where that is asked. */
export function isExchanged(view: WindowView): boolean {
  if (view.until !== undefined) return view.incomingAvailable >= view.until
  return view.outgoing === 0 && view.incomingAvailable >= view.replicas
}
