import type { Clock, DrainReport, WaitOptions } from '@changeover/engine'
import { slotName } from './service-names.ts'
import { serversOf } from './live-routes.ts'
import { encodeName } from './name-code.ts'
import type { ServiceSettings } from './options.ts'
import { type Load, parseLoad } from './runtime-reply.ts'
import { readLive, type ServiceSite } from './service-site.ts'

const FIRST_LOOK_AFTER_MS = 5
const LAST_LOOK_AFTER_MS = 100

/** What is left of the requests to some instances. */
interface Remains {
  /** At the instances. */
  readonly inFlight: number
  /** In their backends and at no server: they may be sent to any of them yet. */
  readonly waiting: number
}

/** Runs one after another what must not run at once. */
type Turns = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Waits until the instances answer no request, then closes their servers and looks once more: a request that was tried again
 * in between would be seen.
 */
export async function drain(
  site: ServiceSite,
  { clock, turns }: { readonly clock: Clock; readonly turns: Turns },
  instances: readonly string[],
  { deadline, signal }: WaitOptions,
): Promise<DrainReport> {
  const until = clock.now() + deadline
  let closed = false
  for (let pauseMs = FIRST_LOOK_AFTER_MS; ; pauseMs = Math.min(2 * pauseMs, LAST_LOOK_AFTER_MS)) {
    const { inFlight, waiting } = await remains(site, instances, signal)
    signal?.throwIfAborted()
    const quiet = inFlight + waiting === 0
    if (quiet && closed) return report(true, 0)
    if (quiet && !closed) {
      await turns(() => closeServers(site, instances, signal))
      closed = true
      continue
    }
    const left = until - clock.now()
    if (left <= 0) return report(false, inFlight)
    await clock.sleep(Math.min(pauseMs, left), signal ? { signal } : {})
  }
}

/** Sums up what the slots show. Pure. */
function remainsOf(
  { name, slots }: Pick<ServiceSettings, 'name' | 'slots'>,
  loads: ReadonlyMap<string, Load>,
  instances: readonly string[],
): Remains {
  const names = new Set(instances.map(encodeName))
  let [inFlight, waiting] = [0, 0]
  for (let slot = 1; slot <= slots; slot += 1) {
    const load = loads.get(slotName(name, slot))
    const busy = [...(load?.servers ?? [])].filter(([server]) => names.has(server))
    inFlight += busy.reduce((sum, [, count]) => sum + count, 0)
    if (busy.length > 0) waiting += load?.waiting ?? 0
  }
  return { inFlight, waiting }
}

async function remains(
  site: ServiceSite,
  instances: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Remains> {
  const { service } = site
  const slots = Array.from({ length: service.slots }, (_, i) => slotName(service.name, i + 1))
  // 6: backends and servers; -1: all of them.
  const replies = await site.runtime(
    slots.map((slot) => `show stat ${slot} 6 -1`),
    signal,
  )
  const loads = new Map(replies.flatMap((reply) => [...parseLoad(reply)]))
  return remainsOf(service, loads, instances)
}

/** Only servers that no table in force or in the making leads to. */
async function closeServers(
  site: ServiceSite,
  instances: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const live = await readLive(site, signal)
  const { name, slots } = site.service
  const { pools = [], claims = [] } = live.read?.text ?? {}
  const taken = new Set([...pools, ...claims].map(({ slot }) => slot))
  const ids = new Set(instances)
  const commands = Array.from({ length: slots }, (_, i) => i + 1)
    .filter((slot) => !taken.has(slot))
    .flatMap((slot) =>
      serversOf(live, name, slot)
        .filter(({ id, open }) => open && id !== undefined && ids.has(id))
        .map((server) => `set server ${slotName(name, slot)}/${server.name} state maint`),
    )
  if (commands.length > 0) await site.runtime(commands, signal)
}

function report(drained: boolean, inFlight: number): DrainReport {
  return { drained, inFlight, longLived: 0, forced: 0 }
}
