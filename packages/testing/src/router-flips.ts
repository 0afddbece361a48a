import { FULL_WEIGHT } from '@changeover/engine'
import type { RouterBench, RouterTraffic } from './router-bench.ts'

/** What became of the requests while releases took over from each other. */
export interface Flips {
  readonly sent: number
  /** Requests begun when a release had all traffic, and answered by one that had left. */
  readonly late: readonly string[]
  /** Requests with no whole answer, or with one that no release gave. */
  readonly dropped: readonly string[]
}

const WORKERS = 8
const REQUESTS_PER_FLIP = 10

/**
 * Gives all traffic to a new release so many times, while requests keep coming on connections that are used again. No
 * release comes back: an answer of one that left is told from one of a successor that came while the request was sent.
 */
export async function flipsUnderLoad(
  bench: RouterBench & RouterTraffic,
  times: number,
): Promise<Flips> {
  const late: string[] = []
  const dropped: string[] = []
  let sent = 0
  let converged = 0
  const over = new AbortController()

  const send = async (): Promise<void> => {
    const begun = converged
    sent += 1
    try {
      const { status, release } = await bench.client.ask()
      const by = Number(release?.slice(1))
      if (status !== 200 || Number.isNaN(by)) dropped.push(`answered with ${status}`)
      else if (by < begun)
        late.push(`r${by} answered a request begun when r${begun} had all traffic`)
    } catch (error) {
      dropped.push(String(error))
    }
  }
  const work = async (): Promise<void> => {
    while (!over.signal.aborted) await send()
  }
  await bench.route({ r0: FULL_WEIGHT })
  const workers = Array.from({ length: WORKERS }, work)
  try {
    for (let flip = 1; flip <= times; flip += 1) {
      await bench.route({ [`r${flip}`]: FULL_WEIGHT })
      converged = flip
      await Promise.all(Array.from({ length: REQUESTS_PER_FLIP }, send))
    }
  } finally {
    over.abort()
    await Promise.all(workers)
  }
  return { sent, late, dropped }
}
