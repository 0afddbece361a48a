import type { Proof, Receipt, WaitOptions } from '@changeover/engine'
import { confLook, type Look } from './conf-look.ts'
import type { DriverParts } from './driver-parts.ts'
import { inForce } from './in-force.ts'
import { lookUntil } from './wait.ts'

/** Waits until the table is the one that nginx tells of, and no worker of an older configuration accepts connections. */
export async function convergeByWorkers(
  parts: DriverParts,
  receipt: Receipt,
  options: WaitOptions,
): Promise<Proof> {
  let latest: Proof = refused(receipt)
  if (receipt.outcome === 'rejected' || receipt.outcome === 'unreachable') {
    options.signal?.throwIfAborted()
    return latest
  }
  const ended = await lookUntil(
    async () => {
      const seen = await confLook(parts, options.signal)
      latest = judge(receipt, seen)
      return latest.converged || isOver(receipt, seen) ? latest : undefined
    },
    parts.settings.clock,
    options,
  )
  return ended ?? latest
}

/** Whether a newer table is in force, so that waiting is in vain. */
function isOver({ revision }: Receipt, seen: Look): boolean {
  const { table } = inForce(seen)
  return table !== undefined && table.revision > revision
}

function judge(receipt: Receipt, seen: Look): Proof {
  const { revision } = receipt
  const { table, drift } = inForce(seen)
  if (!seen.marker || table?.revision !== revision || drift.length > 0) {
    const now = table?.revision ?? seen.marker?.revision ?? 0
    const known = [
      `revision ${now} is in force`,
      ...drift,
      ...(seen.problem === undefined ? [] : [seen.problem]),
    ]
    return { revision, converged: false, level: 'accepted', evidence: known.join('; ') }
  }
  const serving = seen.workers.filter(({ leaving }) => !leaving).map(({ pid }) => pid)
  const converged = seen.oldWorkers === 0 && serving.length > 0
  const workers = `worker ${seen.marker.worker} runs with ${seen.marker.digest}, which is revision ${revision}`
  const evidence = converged
    ? `${workers}; all that accept connections (${serving.join(', ')}) began with it`
    : `${workers}; ${seen.oldWorkers} older ones still accept connections`
  return { revision, converged, level: converged ? 'observed' : 'programmed', evidence }
}

function refused({ revision, outcome, reason }: Receipt): Proof {
  const evidence = `revision ${revision} was ${outcome}${reason === undefined ? '' : `: ${reason}`}`
  return { revision, converged: false, level: 'accepted', evidence }
}
