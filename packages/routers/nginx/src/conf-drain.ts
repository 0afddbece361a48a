import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import {
  type Address,
  type DrainReport,
  parseAddress,
  type RouteTable,
  type WaitOptions,
} from '@changeover/engine'
import { confLook, keyOf, type Look } from './conf-look.ts'
import type { DriverParts } from './driver-parts.ts'
import { inForce, reachable } from './in-force.ts'
import { isAlive } from './processes.ts'
import { connectionsTo } from './sockets.ts'
import { lookUntil } from './wait.ts'

/**
 * Waits until no worker is left that could still be answering a request by the instances. nginx does not count requests,
 * but a worker of an older configuration ends when its last request has ended; and where a flag took an instance out, no
 * connection to it is left when no request is.
 */
export async function drainByWorkers(
  parts: DriverParts,
  instances: readonly string[],
  options: WaitOptions,
): Promise<DrainReport> {
  const done = await lookUntil(
    async () => ((await isDrained(parts, instances, options.signal)) ? true : undefined),
    parts.settings.clock,
    options,
  )
  return done
    ? { drained: true, inFlight: 0, longLived: 0, forced: 0 }
    : { drained: false, inFlight: 'unknown', longLived: 0, forced: 0 }
}

async function isDrained(
  parts: DriverParts,
  instances: readonly string[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const seen = await confLook(parts, signal)
  if (mayBeBusy(seen, instances)) return false
  if (!seen.master) return true
  const { table } = inForce(seen)
  if (!table || seen.oldWorkers > 0) return false
  if (reachable(table).some((id) => instances.includes(id))) return false
  if (parts.settings.mode === 'reload') return true
  const addresses = await resolved(table, instances)
  return (
    addresses.length === 0 ||
    connectionsTo(
      seen.workers.map(({ pid }) => pid),
      addresses,
    ) === 0
  )
}

/** Whether a worker that could still be asking one of them is there: of an older configuration that had it, or of who knows which. */
function mayBeBusy(seen: Look, instances: readonly string[]): boolean {
  const { generations, marker, workers } = seen
  const known = new Set(generations.flatMap((one) => one.workers.map(keyOf)))
  if (workers.some((worker) => worker.leaving && !known.has(keyOf(worker)))) return true
  const others = generations.filter(({ digest }) => digest !== marker?.digest)
  return others.some(
    (one) => one.instances.some((id) => instances.includes(id)) && one.workers.some(isAlive),
  )
}

/** Every address of the instances that the table still names. */
async function resolved(
  { pools }: RouteTable,
  instances: readonly string[],
): Promise<readonly Address[]> {
  const named = pools.flatMap((pool) => pool.instances.filter(({ id }) => instances.includes(id)))
  const addresses = named.flatMap(({ address }) => parseAddress(address) ?? [])
  const all = addresses.map(async ({ host, port }) => {
    if (isIP(host) > 0) return [{ host, port }]
    const found = await lookup(host, { all: true })
    return found.map(({ address }) => ({ host: address, port }))
  })
  return (await Promise.all(all)).flat()
}
