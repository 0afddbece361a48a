import { fileURLToPath } from 'node:url'
import type { Release } from '@changeover/engine'
import type { ProcessSpec } from '@changeover/fleet-process'

const APP = fileURLToPath(new URL('app.js', import.meta.url))

/** What tells one release of the shop from another. */
export interface ReleaseTraits {
  readonly id: string
  readonly version: string
  /** `never`: its readiness check stays red for ever. @default 'yes' */
  readonly ready?: 'yes' | 'never'
}

/** A release of the shop. Every request that it executes is one line in `ordersFile`. */
export function release(
  { id, version, ready = 'yes' }: ReleaseTraits,
  ordersFile: string,
): Release {
  const spec: ProcessSpec = {
    command: [process.execPath, APP],
    env: { VERSION: version, READY: ready, ORDERS: ordersFile },
  }
  return { id, version, spec, readiness: { path: '/readyz', everyMs: 100 } }
}
