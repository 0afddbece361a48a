import { openLoopLoad, type LoadReport } from '@changeover/testing'

/** Highest rate that the demo asks for. */
const STEPS = [300, 500, 1000] as const
const STEP_MS = 1000
/** The app itself takes half of that. Beyond what the machine takes, the queue grows and with it every latency. */
const CALM_MEDIAN_MS = 25

/** What a warm-up needs. */
export interface WarmUp {
  readonly url: string
  readonly signal: AbortSignal
  /** Hears the report of each step. */
  readonly onStep: (report: LoadReport) => void
}

/**
 * Finds the highest rate that this machine answers without a queue, up to 1,000 requests per second: all processes
 * share its cores, and a rate beyond them would measure nothing but their shortage.
 *
 * @returns requests per second
 */
export async function warmUp(site: WarmUp): Promise<number> {
  let calm: number = STEPS[0]
  for (const rate of STEPS) {
    // A second try: one second in which the machine was busy with something else says little.
    if (!(await isCalmAt(rate, site)) && !(await isCalmAt(rate, site))) return calm
    calm = rate
  }
  return calm
}

async function isCalmAt(rate: number, { url, signal, onStep }: WarmUp): Promise<boolean> {
  const report = await openLoopLoad({ url, rate, duration: STEP_MS, signal }).finished
  signal.throwIfAborted()
  onStep(report)
  return report.dropped === 0 && report.latency.p50 <= CALM_MEDIAN_MS
}
