import type { RouterDrop, RouteTable } from '@changeover/engine'
import type { CutoverStep } from '@changeover/testing'
import type { RouterUnderTest } from '../routers/router-under-test.ts'
import type { Versions } from './versions.ts'

/** A way to move all traffic from one release to another. */
export interface Contender {
  readonly name: string
  readonly url: string
  /** What it says that it may cut; undefined where nobody promises anything. */
  readonly drops: readonly RouterDrop[] | undefined
  /** Moves all traffic to blue and to green by turns. */
  readonly step: (n: number) => CutoverStep
  readonly close: () => Promise<void>
}

/** How a contender is started; undefined where its program is not there. */
export type Start = (versions: Versions) => Promise<Contender | undefined>

/** Which release takes over as the `n`th. */
export function releaseOf(n: number): 'blue' | 'green' {
  return n % 2 === 0 ? 'blue' : 'green'
}

/** A router behind an adapter of ours. */
export function ours(
  name: string,
  start: () => Promise<RouterUnderTest | undefined>,
): readonly [name: string, start: Start] {
  return [
    name,
    async (versions) => {
      const subject = await start()
      if (!subject) return undefined
      const { router, service, url } = subject
      const { drops = [] } = await router.probe()
      const step = (n: number): CutoverStep => {
        const [incoming, leaving] = [releaseOf(n), releaseOf(n + 1)]
        const table: RouteTable = {
          service,
          revision: n + 1,
          fence: 1,
          pools: [
            { release: incoming, weight: 10_000, instances: versions[incoming] },
            { release: leaving, weight: 0, instances: versions[leaving] },
          ],
        }
        let receipt: Awaited<ReturnType<typeof router.apply>>
        return {
          release: incoming,
          async apply() {
            receipt = await router.apply(table)
            if (receipt.outcome !== 'applied') throw new Error(`${name}: ${receipt.reason}`)
          },
          async converge() {
            const { converged, evidence } = await router.converge(receipt, { deadline: 20_000 })
            if (!converged) throw new Error(`${name}: ${evidence}`)
          },
        }
      }
      return { name, url, drops, step, close: subject.close }
    },
  ]
}
