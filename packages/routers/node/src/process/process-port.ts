import {
  acceptRouteTable,
  type CallOptions,
  type Clock,
  type DrainReport,
  type Proof,
  type Receipt,
  type Router,
  type RouteTable,
} from '@changeover/engine'
import { CAPABILITIES } from '../capabilities.ts'
import type { FrontControl } from '../front-control.ts'
import type { NodeRouter } from '../node-router.ts'
import { routerError } from '../router-error.ts'
import { withinLimit } from './call-limit.ts'
import { type Called, callProcess, type CallTarget } from './call-process.ts'
import { CLOSED, type ProcessLink, whyAway } from './process-link.ts'
import type { ProcessSettings } from './process-options.ts'
import type { CallArguments, CallName, CallResults } from './protocol.ts'

/** What the port's operations work on. */
export interface PortParts {
  readonly settings: ProcessSettings
  readonly target: CallTarget
  readonly link: ProcessLink
  readonly clock: Clock
  /** Aborts when the router is closed. */
  readonly closing: AbortSignal
}

type Port = Required<Omit<Router, 'watch' | 'name'>> & FrontControl & Pick<NodeRouter, 'copies'>

/** A process that waits until the deadline itself answers just after it. */
const ANSWER_WITHIN_MS = 1_000
/** After a call that broke off, until the end of the process has shown. */
const END_SHOWS_AFTER_MS = 10

/** The operations of the {@link Router} port, by calls to the process. */
export function processPort(parts: PortParts): Port {
  const { settings } = parts
  const { callMs: withinMs, files } = settings
  const graceMs = ANSWER_WITHIN_MS
  const ask = async <Name extends CallName>(
    name: Name,
    call: CallArguments[Name],
    { signal }: CallOptions = {},
  ): Promise<CallResults[Name]> => {
    const called = await callUntil(parts, name, () => call, { withinMs, signal })
    if (called.outcome === 'answered') return called.result
    const { log } = files
    throw routerError('CHANGEOVER_ROUTER_UNREACHABLE', { call: name, problem: called.reason, log })
  }
  return {
    probe: (options) => ask('probe', {}, options),
    observe: (service, options) => ask('observe', { service }, options),
    traffic: (service, options) => ask('traffic', { service }, options),
    copies: (service) => ask('copies', { service }),
    async hold(service, options = {}) {
      await ask('hold', { service, options })
    },
    release: (service) => ask('release', { service }),
    async renewTls(service, identity) {
      await ask('renewTls', { service, identity })
      // The process is started with it, should it crash.
      settings.identities.set(service, identity)
    },
    async apply(table, { signal } = {}) {
      signal?.throwIfAborted()
      return apply(parts, acceptRouteTable(table, CAPABILITIES), signal)
    },
    async converge(receipt, { deadline: withinMs, signal }) {
      const call = (deadline: number): CallArguments['converge'] => ({ receipt, deadline })
      const called = await callUntil(parts, 'converge', call, { withinMs, graceMs, signal })
      return called.outcome === 'answered' ? called.result : unproved(receipt, called.reason)
    },
    async drain(service, instances, { deadline: withinMs, signal }) {
      const call = (deadline: number): CallArguments['drain'] => ({ service, instances, deadline })
      const called = await callUntil(parts, 'drain', call, { withinMs, graceMs, signal })
      return called.outcome === 'answered' ? called.result : UNKNOWN_DRAIN
    },
  }
}

const UNKNOWN_DRAIN: DrainReport = Object.freeze({
  drained: false,
  inFlight: 'unknown',
  longLived: 0,
  forced: 0,
})

function unproved({ revision }: Receipt, reason: string): Proof {
  const evidence = `the router process did not answer: ${reason}`
  return { revision, converged: false, level: 'accepted', evidence }
}

/** Does not wait for a process that is being started again: whoever applies has more to decide than when to try once more. */
async function apply(
  { settings, link, target, closing }: PortParts,
  table: RouteTable,
  signal: AbortSignal | undefined,
): Promise<Receipt> {
  const { service, revision } = table
  const not = (outcome: 'unreachable' | 'indeterminate', reason: string): Receipt => ({
    service,
    revision,
    outcome,
    reason,
  })
  return withinLimit(settings.callMs, [closing, signal], async (limit) => {
    try {
      const away = await whyAway(link, limit.signal, { patient: false })
      if (away !== undefined) return not('unreachable', away)
      const called = await callProcess(target, 'apply', { table }, limit.signal)
      if (called.outcome === 'answered') return called.result
      return not(called.outcome === 'lost' ? 'indeterminate' : 'unreachable', called.reason)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (limit.isLate()) return not('indeterminate', 'no answer in time')
      if (closing.aborted) return not('indeterminate', CLOSED)
      throw error
    }
  })
}

/**
 * Calls until there is an answer, through any number of crashes of the process: every call is idempotent. `call` gives the
 * arguments for the time that is left. Ends early where the process is down, and nothing will bring it back.
 */
async function callUntil<Name extends CallName>(
  parts: PortParts,
  name: Name,
  call: (leftMs: number) => CallArguments[Name],
  { withinMs, graceMs = 0, signal }: Patience,
): Promise<Called<CallResults[Name]>> {
  const { clock, closing } = parts
  signal?.throwIfAborted()
  if (closing.aborted) throw routerError('CHANGEOVER_ROUTER_CLOSED', { call: name })
  const until = clock.now() + withinMs
  return withinLimit(withinMs + graceMs, [closing, signal], async (limit) => {
    try {
      for (;;) {
        const leftMs = Math.max(0, until - clock.now())
        const called = await callOnce(parts, name, call(leftMs), limit.signal)
        if (called.outcome !== 'lost' || clock.now() >= until) return called
        await clock.sleep(END_SHOWS_AFTER_MS, { signal: limit.signal })
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (closing.aborted) throw routerError('CHANGEOVER_ROUTER_CLOSED', { call: name })
      if (limit.isLate()) return { outcome: 'lost', reason: 'no answer in time' }
      throw error
    }
  })
}

/** `unreached` only where the process is down for good; one that is being started again is waited for. */
async function callOnce<Name extends CallName>(
  { link, target }: PortParts,
  name: Name,
  call: CallArguments[Name],
  signal: AbortSignal,
): Promise<Called<CallResults[Name]>> {
  const away = await whyAway(link, signal, { patient: true })
  if (away !== undefined) return { outcome: 'unreached', reason: away }
  const called = await callProcess(target, name, call, signal)
  return called.outcome === 'unreached' ? { ...called, outcome: 'lost' } : called
}

interface Patience {
  readonly withinMs: number
  /** How much longer an answer may take. */
  readonly graceMs?: number
  readonly signal: AbortSignal | undefined
}
