import type { Clock, Proof, Receipt, WaitOptions } from '@changeover/engine'
import { liveDrift, type LiveRoutes, liveTable } from './live-routes.ts'
import { readLive, type ServiceSite } from './service-site.ts'
import { ReplyError } from './runtime-reply.ts'
import { UnreachableError } from './runtime-socket.ts'

/** How often HAProxy is asked while it does not follow yet: there is no event to wait for. */
const ASK_EVERY_MS = 50

/** How far HAProxy follows a table. */
interface Progress {
  readonly converged: boolean
  /** Time will not change it. */
  readonly final: boolean
  readonly evidence: string
}

/** Waits until each new request follows the receipt's table. */
export async function converge(
  site: ServiceSite,
  clock: Clock,
  receipt: Receipt,
  { deadline, signal }: WaitOptions,
): Promise<Proof> {
  const { revision } = receipt
  const until = clock.now() + deadline
  for (;;) {
    const { converged, final, evidence } = await look(site, receipt, signal)
    signal?.throwIfAborted()
    const left = until - clock.now()
    if (converged) return { revision, converged, level: 'programmed', evidence }
    if (final || left <= 0) return { revision, converged, level: 'accepted', evidence }
    await clock.sleep(Math.min(ASK_EVERY_MS, left), signal ? { signal } : {})
  }
}

/** How far it is by now. Pure. */
function progressOf(
  receipt: Receipt,
  live: LiveRoutes,
  oldWorkers: readonly number[],
  service: string,
): Progress {
  const table = liveTable(live, { name: service })
  const drift = liveDrift(live, { name: service })
  const inForce = `revision ${table?.revision ?? 0} is in force`
  if (receipt.outcome === 'rejected' || receipt.outcome === 'unreachable')
    return {
      converged: false,
      final: true,
      evidence: `${inForce}: ${receipt.outcome}, ${receipt.reason}`,
    }
  if (table?.revision !== receipt.revision) {
    const overtaken = (table?.revision ?? 0) > receipt.revision
    return { converged: false, final: overtaken, evidence: inForce }
  }
  if (drift.length > 0)
    return { converged: false, final: false, evidence: `${inForce}, but ${drift.join('; ')}` }
  if (oldWorkers.length > 0)
    return {
      converged: false,
      final: false,
      evidence: `${inForce}, and replaced workers still serve: ${oldWorkers.join(', ')}`,
    }
  const evidence = `each request reads the variable that process ${live.pid} was seen to hold, and ${inForce} with its servers open`
  return { converged: true, final: true, evidence }
}

async function look(
  site: ServiceSite,
  receipt: Receipt,
  signal: AbortSignal | undefined,
): Promise<Progress> {
  try {
    const [live, old] = [await readLive(site, signal), await site.oldWorkers(signal)]
    return progressOf(receipt, live, old, site.service.name)
  } catch (error) {
    if (!(error instanceof UnreachableError || error instanceof ReplyError)) throw error
    return { converged: false, final: false, evidence: `HAProxy did not say: ${error.message}` }
  }
}
