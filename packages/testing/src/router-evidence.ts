import type { RouterCapabilities } from '@changeover/engine'
import type { Measured } from './evidence-notes.ts'
import type { RouterBench, RouterCase } from './router-bench.ts'

/** What one case of the router suite found: plain data, to be kept as JSON. */
export interface RouterEvidence {
  /** The sentence that was checked. */
  readonly case: string
  /** The router's name, and its version where the subject tells it. */
  readonly router: string
  readonly version?: string
  readonly outcome: 'passed' | 'failed' | 'unchecked'
  /** What the router said that it can do; undefined where it was not to be asked. */
  readonly capabilities?: RouterCapabilities
  /** What was counted and measured, times in milliseconds; empty where the case is a plain yes or no. */
  readonly measured: Measured
  /** What there may be at most of what was counted. */
  readonly budget?: Readonly<Record<string, number>>
  /** What the subject or the router lacks for the case, or for a part of it. */
  readonly lacking: readonly string[]
  /** Why it failed. */
  readonly reason?: string
  /** How long the case took. */
  readonly tookMs: number
}

/** The same case, which also tells `evidence` what it found. */
export function withEvidence(
  [name, check]: RouterCase,
  evidence: ((evidence: RouterEvidence) => void) | undefined,
): RouterCase {
  if (!evidence) return [name, check]
  return [
    name,
    async (bench) => {
      const notes = notebook()
      const startedAt = performance.now()
      const [result] = await Promise.allSettled([check({ ...bench, ...notes })])
      const { measured, budget, lacking } = notes.read()
      const failed = result.status === 'rejected'
      const unchecked = lacking.length > 0 && Object.keys(measured).length === 0
      evidence({
        case: name,
        router: bench.router.name,
        ...(bench.version === undefined ? {} : { version: bench.version }),
        outcome: failed ? 'failed' : unchecked ? 'unchecked' : 'passed',
        ...(await capabilitiesOf(bench)),
        measured,
        ...(budget ? { budget } : {}),
        lacking,
        ...(failed ? { reason: String(result.reason) } : {}),
        tookMs: Math.round(performance.now() - startedAt),
      })
      if (failed) throw result.reason
    },
  ]
}

async function capabilitiesOf({
  router,
}: RouterBench): Promise<Pick<RouterEvidence, 'capabilities'>> {
  const [probe] = await Promise.allSettled([router.probe()])
  return probe.status === 'fulfilled' ? { capabilities: probe.value } : {}
}

function notebook() {
  let measured: Measured = {}
  let budget: Readonly<Record<string, number>> | undefined
  const lacking: string[] = []
  return {
    note(found: object, most = budget) {
      measured = { ...measured, ...found }
      budget = most
    },
    lacks: (what: string) => void lacking.push(what),
    read: () => ({ measured, budget, lacking }),
  }
}
