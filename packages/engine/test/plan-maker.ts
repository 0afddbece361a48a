import type { Instance, Plan, Pool, Release, RouteTable, Step } from '@changeover/engine'

export const OLD: Release = { id: 'old', version: '1.0.0', spec: {} }
export const NEW: Release = { id: 'new', version: '2.0.0', spec: {} }

/** A plan that replaces `old` by `new`, with these steps. */
export function planOf(steps: readonly Step[], rollback: readonly Step[] = []): Plan {
  return {
    service: 'shop',
    strategy: 'test',
    from: OLD,
    to: NEW,
    replicas: 2,
    steps,
    rollback,
    capacity: { maxTotal: 3, minAvailable: 2 },
    warnings: [],
  }
}

export function instanceOf(id: string, release = 'new'): Instance {
  return { id, service: 'shop', release, address: `${id}.test:80` }
}

/** A pool of `ids`; where none is given, of one instance named after the release. */
export function poolOf(release: string, weight: number, ids: readonly string[] = [release]): Pool {
  return { release, weight, instances: ids.map((id) => ({ id, address: `${id}.test:80` })) }
}

export function tableOf(
  pools: readonly Pool[],
  { revision = 1, fence = 1, service = 'shop' }: Partial<RouteTable> = {},
): RouteTable {
  return { service, revision, fence, pools }
}
