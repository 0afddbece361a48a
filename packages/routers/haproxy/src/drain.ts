import type { Clock, DrainReport, WaitOptions } from '@changeover/engine'
import { slotName } from './service-names.ts'
import { serversOf } from './live-routes.ts'
import { encodeName } from './name-code.ts'
import type { ServiceSettings } from './options.ts'
import { type Load, parseLoad, ReplyError } from './runtime-reply.ts'
import { UnreachableError } from './runtime-socket.ts'
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
 * in between would be seen. A HAProxy that does not answer, as while it restarts, is asked again until the deadline.
 *
 * @throws UnreachableError, ReplyError, or the reason of the signal
 */
export async function drain(
  site: ServiceSite,
  { clock, turns }: { readonly clock: Clock; readonly turns: Turns },
  instances: readonly string[],
  { deadline, signal }: WaitOptions,
): Promise<DrainReport> {
  const until = clock.now() + deadline
  let closed = false
  const look = async (): Promise<DrainReport> => {
    const before = await remains(site, instances, signal)
    if (isBusy(before) || closed) return report(before)
    await turns(() => closeServers(site, instances, signal))
    closed = true
    return report(await remains(site, instances, signal))
  }
  for (let pauseMs = FIRST_LOOK_AFTER_MS; ; pauseMs = Math.min(2 * pauseMs, LAST_LOOK_AFTER_MS)) {
    const seen = await look().catch(unanswered)
    signal?.throwIfAborted()
    const left = until - clock.now()
    if ('drained' in seen && (seen.drained || left <= 0)) return seen
    if ('problem' in seen && left <= 0) throw seen.problem
    await clock.sleep(Math.min(pauseMs, left), signal ? { signal } : {})
  }
}

/** That HAProxy did not answer; anything else is thrown. */
function unanswered(error: unknown): { readonly problem: Error } {
  if (error instanceof UnreachableError || error instanceof ReplyError) return { problem: error }
  throw error
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

function isBusy({ inFlight, waiting }: Remains): boolean {
  return inFlight + waiting > 0
}

function report(remains: Remains): DrainReport {
  return { drained: !isBusy(remains), inFlight: remains.inFlight, longLived: 0, forced: 0 }
}
