import { randomBytes } from 'node:crypto'
import type {
  DrainReport,
  ObservedRoutes,
  Proof,
  Receipt,
  RouteTable,
  TrafficSample,
  WaitOptions,
} from '@changeover/engine'
import { LUA_CAPABILITIES } from './capabilities.ts'
import { configRequest, type DriverParts } from './driver-parts.ts'
import { reachable } from './in-force.ts'
import { type LuaControl, luaControl } from './lua-control.ts'
import { LUA_SOURCE } from './lua-source.ts'
import { putLuaTable, savedText } from './lua-put.ts'
import { luaStamp, parseLuaTable } from './lua-table.ts'
import { parseTraffic } from './lua-traffic.ts'
import { ensure, prepareFiles } from './prepare.ts'
import { masterOf, workersOf } from './processes.ts'
import { nginxConfig } from './nginx-config.ts'
import type { ServiceDriver } from './service-driver.ts'
import { readOwnFile } from './service-files.ts'
import { lookUntil } from './wait.ts'

/** Drives a service by the shared memory of nginx's Lua module: no reload, and requests in flight are counted. */
export function luaDriver(parts: DriverParts): ServiceDriver {
  const { service, settings, paths } = parts
  const control = luaControl(parts)

  async function observe(signal?: AbortSignal): Promise<ObservedRoutes> {
    const live = await control.table('observe', signal)
    const saved = await savedText(paths.table)
    const table = parseLuaTable(live)
    const { revision, fence } = table ?? luaStamp(live)
    const drift = driftOf(live, saved, table)
    return { service, table, revision, fence, converged: table !== undefined, drift }
  }

  return {
    probe: async (signal) => {
      await control.table('probe', signal)
      return LUA_CAPABILITIES
    },
    observe,
    apply: async (table, held) => {
      const answer = await putLuaTable(parts, control, { table, held })
      return { service, revision: table.revision, ...answer }
    },
    converge: (receipt, options) => converge(parts, control, receipt, options),
    drain: (instances, options) => drain(parts, control, instances, options),
    traffic: (signal) => sample(control, signal),
    prepare: async () => {
      const known = (await readOwnFile(paths.conf).catch(() => undefined))?.head.token
      const token = known ?? randomBytes(16).toString('hex')
      await prepareFiles(parts, token)
      // It holds no routes, so that it can always be as the options say.
      const request = configRequest(parts, undefined, { token })
      await ensure(paths.conf, nginxConfig(request).text, 0o600)
      await ensure(`${settings.directory}/changeover.lua`, LUA_SOURCE)
    },
  }
}

function driftOf(live: string, saved: string | undefined, table: RouteTable | undefined): string[] {
  if (live !== '' && !table) return ['nginx has routes that no adapter wrote']
  if (live === (saved ?? '')) return []
  if (saved === undefined) return ['the saved table is gone, and a restart would forget the routes']
  const revision = parseLuaTable(saved)?.revision ?? 'none that can be read'
  return [
    `nginx has revision ${table?.revision ?? 0} and the file beside it has ${revision}, with other routes`,
  ]
}

async function converge(
  { settings }: DriverParts,
  control: LuaControl,
  { revision, outcome, reason }: Receipt,
  options: WaitOptions,
): Promise<Proof> {
  options.signal?.throwIfAborted()
  const known = reason === undefined ? '' : `: ${reason}`
  let latest = `revision ${revision} was ${outcome}${known}`
  const look = async (): Promise<boolean | undefined> => {
    const found = await control.tryTable(options.signal)
    if (found === undefined) return undefined
    const now = parseLuaTable(found)?.revision ?? 0
    latest = `every worker reads the table from shared memory for each request, and it says revision ${now}`
    return now === revision ? true : now > revision ? false : undefined
  }
  const wanted = outcome === 'applied' || outcome === 'indeterminate'
  const converged = wanted ? ((await lookUntil(look, settings.clock, options)) ?? false) : false
  return { revision, converged, level: converged ? 'observed' : 'accepted', evidence: latest }
}

async function drain(
  { settings }: DriverParts,
  control: LuaControl,
  instances: readonly string[],
  options: WaitOptions,
): Promise<DrainReport> {
  let last: DrainReport = { drained: false, inFlight: 'unknown', longLived: 0, forced: 0 }
  const look = async (): Promise<DrainReport | undefined> => {
    const master = masterOf(settings.pidFile)
    const workers = master ? workersOf(master).map(({ pid }) => pid) : []
    const counted = await control.flights(workers, instances, options.signal)
    const table = await control.tryTable(options.signal)
    if (counted === undefined || table === undefined) return undefined
    const routes = parseLuaTable(table)
    const routed = routes ? reachable(routes).some((id) => instances.includes(id)) : false
    const { active, long } = counted
    last = { drained: active === 0 && !routed, inFlight: active, longLived: long, forced: 0 }
    return last.drained ? last : undefined
  }
  return (await lookUntil(look, settings.clock, options)) ?? last
}

/** Lines such as `T:6131 20`: of a release all, bad, and by the first bound that was not exceeded. */
async function sample(control: LuaControl, signal?: AbortSignal): Promise<TrafficSample> {
  return parseTraffic(await control.traffic(signal))
}
