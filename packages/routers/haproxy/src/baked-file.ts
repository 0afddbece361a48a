import { type BakedRoutes, renderService } from './config.ts'
import { type LiveRoutes, serversOf } from './live-routes.ts'
import { encodeText, isNoRoutes } from './route-text.ts'
import { readText, writeText } from './service-file.ts'
import type { ServiceSite } from './service-site.ts'

type BakeSite = Pick<ServiceSite, 'service'>

/** Writes the configuration with these routes in force from the start. Gives the reason where that failed. */
export async function bake(
  { service }: BakeSite,
  routes: BakedRoutes | undefined,
): Promise<string | undefined> {
  if (service.file === undefined) return undefined
  const text = renderService(service, routes)
  try {
    // HAProxy may read it at any time: a file that is right is left alone.
    if ((await readText(service.file)) !== text) await writeText(service.file, text)
    return undefined
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return `${service.file} could not be written: ${problem}`
  }
}

/** Writes the configuration with the routes that are in force now. */
export function bakeLive(site: BakeSite, live: LiveRoutes): Promise<string | undefined> {
  return bake(site, liveRoutes(site, live))
}

function liveRoutes({ service }: BakeSite, live: LiveRoutes): BakedRoutes | undefined {
  const text = live.read?.text
  if (!text || isNoRoutes(text)) return undefined
  const used = text.pools.filter(({ slot }) => slot > 0)
  const slots = used.map(({ slot }) => {
    const open = serversOf(live, service.name, slot).filter((server) => server.open)
    return [slot, open.map(({ name, address }) => ({ name, address }))] as const
  })
  return { raw: encodeText({ ...text, claims: [] }, service), slots: new Map(slots) }
}
