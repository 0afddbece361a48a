import { acceptRouteTable, type Receipt, refuse, type RouteTable } from '@changeover/engine'
import { CAPABILITIES } from './capabilities.ts'
import { HEADER_NAME } from './conf-text.ts'
import { problemOf } from './problem-of.ts'
import type { RouterParts } from './router-parts.ts'
import { pathsOf } from './service-files.ts'
import { takeLock } from './writer-lock.ts'

/** How long another adapter is waited for, beyond what a reload takes. */
const LOCK_MS = 5_000

/** Checks a table, and puts it in force while no other adapter writes. */
export async function applyTable(
  { settings, drivers, isClosed }: RouterParts,
  table: RouteTable,
  signal: AbortSignal | undefined,
): Promise<Receipt> {
  const { service, revision } = table
  if (isClosed())
    return { service, revision, outcome: 'unreachable', reason: 'the adapter is closed' }
  const accepted = acceptRouteTable(table, CAPABILITIES[settings.mode])
  checkHeaders(accepted)
  const driver = drivers.get(service)
  if (!driver) {
    const reason = `the adapter manages no service "${service}", only: ${[...drivers.keys()].join(', ')}`
    return { service, revision, outcome: 'rejected', reason }
  }
  const times = {
    waitMs: settings.reloadMs + LOCK_MS,
    pausedMs: 2 * settings.reloadMs + LOCK_MS,
    signal,
  }
  const lock = await tryLock(pathsOf(settings.directory, service).lock, times)
  if ('problem' in lock) return { service, revision, outcome: lock.outcome, reason: lock.problem }
  try {
    return await driver.apply(accepted, lock.held)
  } finally {
    await lock.release()
  }
}

type Locked = NonNullable<Awaited<ReturnType<typeof takeLock>>>
type Unlocked = { readonly outcome: 'rejected' | 'indeterminate'; readonly problem: string }

async function tryLock(
  path: string,
  times: Parameters<typeof takeLock>[1],
): Promise<Locked | Unlocked> {
  try {
    const lock = await takeLock(path, times)
    return lock ?? { outcome: 'indeterminate', problem: `another adapter holds ${path}` }
  } catch (error) {
    times.signal?.throwIfAborted()
    return {
      outcome: 'rejected',
      problem: `the directory cannot be written (${problemOf(error)})`,
    }
  }
}

/** @throws ChangeoverError `CHANGEOVER_ROUTER_NOT_REPRESENTABLE` */
function checkHeaders({ service, rules = [], affinity }: RouteTable): void {
  const names = [...rules, ...(affinity ? [affinity] : [])].flatMap(({ header }) => header ?? [])
  const unseen = names.find((name) => !HEADER_NAME.test(name))
  if (unseen === undefined) return
  throw refuse('CHANGEOVER_ROUTER_NOT_REPRESENTABLE', {
    service,
    problem: `nginx does not see a header named "${unseen}"`,
    remedy: 'Use a header whose name is made of letters, digits and hyphens.',
  })
}
