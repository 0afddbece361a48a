import {
  acceptRouteTable,
  type DrainReport,
  type ObservedRoutes,
  type Receipt,
  type Router,
  type RouterCapabilities,
  type RouteTable,
} from '@changeover/engine'
import { applyTable } from './apply-table.ts'
import type { Caddy } from './caddy.ts'
import { capabilities } from './capabilities.ts'
import { lookUntil } from './deadline.ts'
import { judgeDrain } from './drain.ts'
import { driftOf, newsOf } from './drift.ts'
import { clientMarks } from './mark-probe.ts'
import type { ServiceSettings, Settings } from './options.ts'
import { judgeProof, oldServersEnd, type ProofState } from './proof.ts'
import { routerError } from './router-error.ts'
import type { KeptRecord, RouteState } from './route-state.ts'
import { heldMs, type ServiceMemory } from './service-memory.ts'
import type { Turns } from './turns.ts'
import { watching } from './watch.ts'

/** One service, as the operations of the port need it. */
export interface CaddyService {
  readonly service: ServiceSettings
  readonly memory: ServiceMemory
  /** Changes of one adapter do not get in each other's way. */
  readonly inTurn: Turns
}

/** What the port's operations work on. */
export interface PortParts {
  readonly settings: Settings
  readonly caddy: Caddy
  readonly services: ReadonlyMap<string, CaddyService>
  /** Aborts with the router's end. */
  readonly closing: AbortSignal
}

type Known = Exclude<RouteState, { kind: 'unreadable' }>

/** The operations of the {@link Router} port. */
export function routerPort(parts: PortParts): Router & Required<Pick<Router, 'watch'>> {
  const { settings, services, closing } = parts
  const { clock } = settings
  return {
    name: 'caddy',
    probe: ({ signal } = {}) => during(parts, 'probe', signal, (both) => probed(parts, both)),
    observe: (service, { signal } = {}) =>
      during(parts, 'observe', signal, (both) => observed(parts, service, both)),
    async apply(table, { signal } = {}) {
      signal?.throwIfAborted()
      const accepted = acceptRouteTable(table, capabilities({ durable: false, seen: false }))
      if (closing.aborted) return receiptOf(table, 'unreachable', 'the router is closed')
      const receipt = await during(parts, 'apply', signal, (both) => applied(parts, accepted, both))
      logReceipt(settings, table, receipt)
      return receipt
    },
    converge: (receipt, { deadline, signal }) =>
      during(parts, 'converge', signal, async (both) => {
        const known = serviceOf(services, receipt.service)
        const wait = { clock, deadlineMs: deadline, signal: both }
        const last = await lookUntil(wait, (look) => proven(parts, known, receipt, look))
        if (!last) return { ...UNSEEN, revision: receipt.revision }
        const { final: _, ...proof } = last
        return proof
      }),
    drain: (service, instances, { deadline, signal }) =>
      during(parts, 'drain', signal, async (both) => {
        const known = serviceOf(services, service)
        const wait = { clock, deadlineMs: deadline, signal: both }
        // A look that fails, such as during somebody's reload, does not make unknown what was counted before it.
        let counted: DrainReport | undefined
        await lookUntil(wait, async (look) => {
          const report = await drained(parts, known, instances, look)
          if (report.inFlight !== 'unknown' || !counted) counted = report
          return { final: report.drained }
        })
        return counted ?? UNCOUNTED
      }),
    watch(service, listener) {
      const known = serviceOf(services, service)
      return watching(
        { clock, everyMs: settings.watchEveryMs, signal: closing, look: newsReader(parts, known) },
        listener,
      )
    },
  }
}

const UNSEEN = {
  converged: false,
  level: 'accepted',
  evidence: 'Caddy was not heard of by the deadline',
} as const

const UNCOUNTED = { drained: false, inFlight: 'unknown', longLived: 0, forced: 0 } as const

/** Runs a call until its caller or the router's end breaks it off. */
async function during<T>(
  { closing }: PortParts,
  call: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  if (closing.aborted) throw routerError('CHANGEOVER_CADDY_CLOSED', { call })
  try {
    return await work(signal ? AbortSignal.any([signal, closing]) : closing)
  } catch (error) {
    signal?.throwIfAborted()
    if (closing.aborted) throw routerError('CHANGEOVER_CADDY_CLOSED', { call }, error)
    throw error
  }
}

/** @throws ChangeoverError `CHANGEOVER_CADDY_SERVICE_UNKNOWN` */
function serviceOf(services: PortParts['services'], name: string): CaddyService {
  const known = services.get(name)
  if (known) return known
  const names = [...services.keys()].join(', ')
  throw routerError('CHANGEOVER_CADDY_SERVICE_UNKNOWN', { service: name, known: names })
}

async function probed(
  { caddy, settings }: PortParts,
  signal: AbortSignal,
): Promise<RouterCapabilities> {
  const durable = await caddy.durable(signal)
  const seen = [...settings.services.values()].every(({ url }) => url !== undefined)
  return capabilities({ durable, seen })
}

async function observed(
  { caddy, services, settings }: PortParts,
  name: string,
  signal: AbortSignal,
): Promise<ObservedRoutes> {
  const known = services.get(name)
  const nothing = { service: name, table: undefined, revision: 0, fence: 0, converged: false }
  if (!known) return { ...nothing, drift: [] }
  const state = await caddy.route(known.service.id, signal)
  const drift = driftOf(state, known.memory.appliedRevision)
  const kept = keptIn(state)
  if (!kept) return { ...nothing, drift }
  const held = heldMs(known.memory, state, settings.clock.now())
  const { over } = oldServersEnd(await caddy.oldServers(signal), held)
  const { table } = kept
  const { revision, fence } = table
  return { service: name, table, revision, fence, converged: over && drift.length === 0, drift }
}

function applied(parts: PortParts, table: RouteTable, signal: AbortSignal): Promise<Receipt> {
  const known = parts.services.get(table.service)
  if (!known) {
    const names = [...parts.services.keys()].join(', ')
    const reason = `the router was told of ${names} alone, not of "${table.service}"`
    return Promise.resolve(receiptOf(table, 'rejected', reason))
  }
  return known.inTurn(async () => {
    signal.throwIfAborted()
    const { outcome, reason } = await applyTable(parts.caddy, known.service, table, signal)
    // What was in force a moment ago may have been somebody else's routes, even if the table is the one before.
    if (outcome === 'applied')
      Object.assign(known.memory, { appliedRevision: table.revision, mark: undefined })
    return receiptOf(table, outcome, reason)
  })
}

async function proven(
  { caddy, settings }: PortParts,
  { service, memory }: CaddyService,
  receipt: Receipt,
  signal: AbortSignal,
): Promise<ProofState> {
  const state = await caddy.route(service.id, signal).catch((error: unknown) => String(error))
  signal.throwIfAborted()
  if (typeof state === 'string')
    return { ...UNSEEN, revision: receipt.revision, evidence: state, final: false }
  const since = heldMs(memory, state, settings.clock.now())
  const old = await caddy.oldServers(signal)
  const told = { receipt, state, old, heldMs: since }
  const programmed = judgeProof({ ...told, marks: undefined })
  if (!programmed.converged) return programmed
  return judgeProof({ ...told, marks: await clientMarks(service, signal) })
}

async function drained(
  { caddy }: PortParts,
  { service }: CaddyService,
  instances: readonly string[],
  signal: AbortSignal,
) {
  const state = await caddy.route(service.id, signal).catch((): Known => ({ kind: 'missing' }))
  signal.throwIfAborted()
  const old = await caddy.oldServers(signal)
  return judgeDrain({ instances, state, inFlight: await caddy.inFlight(signal), old })
}

/** Looks at a service, and tells what is new since it did so before. */
function newsReader({ caddy }: PortParts, { service, memory, inTurn }: CaddyService) {
  let before: KeptRecord | undefined
  let told: string | undefined
  return async (signal: AbortSignal): Promise<readonly string[]> => {
    // Not while a change of our own is under way, which would look like somebody else's.
    const state = await inTurn(() => caddy.route(service.id, signal))
    const news = newsOf(before, state, memory.appliedRevision)
    before = keptIn(state) ?? before
    const text = news.join('\n')
    const fresh = text !== told
    told = text
    return fresh ? news : []
  }
}

function keptIn(state: Known): KeptRecord | undefined {
  return state.kind === 'route' ? state.kept : undefined
}

function receiptOf(
  { service, revision }: RouteTable,
  outcome: Receipt['outcome'],
  reason: string | undefined,
): Receipt {
  return { service, revision, outcome, ...(reason === undefined ? {} : { reason }) }
}

function logReceipt({ logger }: Settings, { fence }: RouteTable, receipt: Receipt): void {
  const { service, revision, outcome, reason } = receipt
  const level = outcome === 'applied' ? 'info' : 'warn'
  logger[level]({ service, revision, fence, reason }, `table ${outcome}`)
}
