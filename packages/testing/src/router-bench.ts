import assert from 'node:assert/strict'
import type { Receipt, RouteTable } from '@changeover/engine'
import { patience, type Patience } from './case-patience.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { type EvidenceNotes, NO_NOTES } from './evidence-notes.ts'
import { checkDeviations } from './router-deviations.ts'
import type { RouterSubject } from './router-subject.ts'
import { type Backend, startBackend } from './traffic-backend.ts'
import { type TrafficClient, trafficClient } from './traffic-client.ts'

/** Basis points by release. */
export type Weights = Readonly<Record<string, number>>

/** What of a table beside its pools decides where a request goes. */
export type Extras = Pick<RouteTable, 'rules' | 'affinity' | 'mirror'>

/** Which table of the service it is. */
export interface TableStamp {
  /** @default one more than the last */
  readonly revision?: number
  /** @default 1 */
  readonly fence?: number
}

/** A router on the bench: with tables to apply, and with backends and a client where requests can be sent. */
export interface RouterBench extends Omit<RouterSubject, 'patience'>, EvidenceNotes {
  readonly patience: Patience
  /** A table with one instance for each release. */
  readonly table: (weights: Weights, stamp?: TableStamp) => Promise<RouteTable>
  /** Applies a table that the router is to take. */
  readonly applied: (table: RouteTable) => Promise<Receipt>
  /** Waits until it is followed. */
  readonly converged: (receipt: Receipt) => Promise<void>
  /** Applies a table, and waits until it is followed. */
  readonly put: (table: RouteTable) => Promise<void>
  /** Makes a table and puts it in force. */
  readonly route: (weights: Weights, extras?: Extras) => Promise<RouteTable>
  /** Only where there is a `url`. */
  readonly traffic: RouterTraffic | undefined
}

/** What requests are sent with, and what answers them. */
export interface RouterTraffic {
  /** The backend of a release: the instance that tables name. `copy` is another one of the same release. */
  readonly backend: (release: string, copy?: number) => Promise<Backend>
  /** Uses its connections again. */
  readonly client: TrafficClient
  /** Makes a connection for each request. */
  readonly freshClient: TrafficClient
}

/** One sentence about every router, and how it is checked. */
export type RouterCase = ConformanceCase<RouterBench>

/** One sentence about every router that requests can be sent to. */
export type TrafficCase = ConformanceCase<RouterBench & RouterTraffic>

/** Puts a router on the bench. */
export function routerBench(subject: RouterSubject): RouterBench {
  const { router, service, url, backendHost = '127.0.0.1' } = subject
  const patient = patience(subject.patience ?? '20s')
  const site = url === undefined ? undefined : trafficSite(url, backendHost)
  const addresses = new Map<string, string>()
  checkDeviations(subject.deviations ?? {})
  let last = 0

  async function instanceOf(release: string): Promise<{ id: string; address: string }> {
    if (site) return (await site.traffic.backend(release)).instance
    const address = addresses.get(release) ?? `127.0.0.1:${9_001 + addresses.size}`
    addresses.set(release, address)
    return { id: `${release}-1`, address }
  }

  async function table(
    weights: Weights,
    { revision = last + 1, fence = 1 }: TableStamp = {},
  ): Promise<RouteTable> {
    last = Math.max(last, revision)
    const pools = Object.entries(weights).map(async ([release, weight]) => {
      return { release, weight, instances: [await instanceOf(release)] }
    })
    return { service, revision, fence, pools: await Promise.all(pools) }
  }

  async function applied(table: RouteTable): Promise<Receipt> {
    const receipt = await router.apply(table)
    assert.equal(receipt.outcome, 'applied', receipt.reason)
    return receipt
  }

  async function converged(receipt: Receipt): Promise<void> {
    const converging = router.converge(receipt, { deadline: patient.ms })
    const proof = await patient.soon('converge ends', converging)
    assert.ok(proof.converged, `a table that was applied converges: ${proof.evidence}`)
  }

  const put = async (table: RouteTable): Promise<void> => converged(await applied(table))

  return {
    ...NO_NOTES,
    ...subject,
    patience: patient,
    table,
    applied,
    converged,
    put,
    async route(weights, extras = {}) {
      const made = { ...(await table(weights)), ...extras }
      await put(made)
      return made
    },
    traffic: site?.traffic,
    async close() {
      await site?.close()
      await subject.close()
    },
  }
}

/** Cases for requests, which pass unchecked where none can be sent. */
export function onTraffic(cases: readonly TrafficCase[]): readonly RouterCase[] {
  return cases.map(([name, check]) => [
    name,
    async (bench) => {
      if (bench.traffic) await check({ ...bench, ...bench.traffic })
      else bench.lacks('url')
    },
  ])
}

interface TrafficSite {
  readonly traffic: RouterTraffic
  close(): Promise<void>
}

function trafficSite(url: string, host: string): TrafficSite {
  const backends = new Map<string, Promise<Backend>>()
  const client = trafficClient(url, { keepAlive: true })
  const freshClient = trafficClient(url, { keepAlive: false })
  const backend = (release: string, copy = 1): Promise<Backend> => {
    const id = `${release}-${copy}`
    const known = backends.get(id) ?? startBackend({ id, release }, host)
    backends.set(id, known)
    return known
  }
  return {
    traffic: { client, freshClient, backend },
    async close() {
      client.close()
      freshClient.close()
      for (const started of backends.values()) await (await started).close()
    },
  }
}
