import type { LiveRelease } from '../contracts/contract.ts'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'
import type { GuardSettings } from './guard-settings.ts'

/** A release by its name alone, or with what it asks of the database. */
export type LiveName = LiveRelease | string

/** Who is known to run. */
export interface NamedReleases {
  readonly named: readonly LiveName[] | undefined
  /** Nobody else counts. The option `live` then only tells what those that are named ask of the database. */
  readonly alone?: boolean | undefined
}

/**
 * Who may run now: those that the caller names, those that the option `live` names at this moment, and those that the database
 * itself sees connected. Undefined where nobody said anything: then whatever exists may be in use.
 */
export async function liveReleases(
  settings: GuardSettings,
  client: GuardClient,
  { named, alone = false }: NamedReleases,
): Promise<readonly LiveRelease[] | undefined> {
  const listed = await settings.live?.()
  if (!named && !listed) return undefined
  const own = new Set(named?.map(nameOf))
  const asked = alone ? listed?.filter((one) => own.has(nameOf(one))) : listed
  const connected = alone ? [] : await connectedReleases(client, settings.sessionRelease)
  const byName = new Map<string, LiveRelease>()
  for (const one of [...(named ?? []), ...(asked ?? []), ...connected]) {
    const { release, contract } = typeof one === 'string' ? { release: one } : one
    const known = contract ?? byName.get(release)?.contract ?? (await settings.contracts(release))
    byName.set(release, { release, ...(known ? { contract: known } : {}) })
  }
  return [...byName.values()]
}

function nameOf(one: LiveName): string {
  return typeof one === 'string' ? one : one.release
}

/** The releases of the sessions that are open; who forgets to stop an instance still is seen here. */
async function connectedReleases(
  client: GuardClient,
  releaseOf: (application: string) => string | undefined,
): Promise<string[]> {
  const rows = await rowsOf<{ name: string }>(
    client,
    `select distinct application_name as name from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and application_name <> ''`,
  )
  return rows.flatMap(({ name }) => releaseOf(name) ?? [])
}
