import type { Socket } from 'node:net'

import type { CheckSnapshot } from './checks.ts'
import type { Connections } from './connections.ts'
import type { LifecycleState } from './health.ts'
import type { Sample } from './metrics.ts'
import type { MetricName } from './metrics-catalog.ts'
import { isUpgraded, openStreams, responseOf } from './node-internals.ts'
import type { DrainCounts } from './server-drain.ts'
import type { AttachedServer } from './shutdown.ts'

/** What the metrics of one lifecycle are read from. */
export interface SampledLifecycle {
  readonly state: LifecycleState
  readonly servers: readonly AttachedServer[]
  readonly checks: readonly CheckSnapshot[]
  readonly drain: DrainCounts & { readonly durationMs: number }
  readonly readLoopDelay: () => readonly Sample[]
}

const states: readonly LifecycleState[] = ['starting', 'ready', 'draining', 'stopped']

type Sampler = (lifecycle: SampledLifecycle) => readonly Sample[]

const samplers: Readonly<Record<MetricName, Sampler>> = {
  state: ({ state }) =>
    states.map((name) => ({ labels: { state: name }, value: name === state ? 1 : 0 })),
  in_flight_requests: ({ servers }) => one(total(servers, inFlight)),
  connections: ({ servers }) => [
    kind('http1', total(servers, ofKind('http1'))),
    kind('http2', total(servers, ofKind('http2'))),
    kind('upgraded', total(servers, ofKind('upgraded'))),
    kind('handshake', total(servers, handshakes)),
  ],
  drain_duration_seconds: ({ drain }) => one(drain.durationMs / 1_000),
  drain_completed_total: ({ drain }) => one(drain.completed),
  drain_forced_total: ({ drain }) => one(drain.forced),
  drain_refused_total: ({ drain }) => one(drain.refused),
  check_status: ({ checks }) =>
    checks.map(({ settings, state }) => byCheck(settings.name, state.status === 'pass' ? 1 : 0)),
  check_duration_seconds: ({ checks }) =>
    checks.flatMap(({ settings, state: { last } }) =>
      last === undefined ? [] : [byCheck(settings.name, last.durationMs / 1_000)],
    ),
  event_loop_delay_seconds: ({ readLoopDelay }) => readLoopDelay(),
}

/** One metric of a lifecycle as of now. */
export function sampleLifecycle(name: MetricName, lifecycle: SampledLifecycle): readonly Sample[] {
  return samplers[name](lifecycle)
}

function one(value: number): Sample[] {
  return [{ value }]
}

function kind(name: string, value: number): Sample {
  return { labels: { kind: name }, value }
}

function total(
  servers: readonly AttachedServer[],
  count: (server: AttachedServer) => number,
): number {
  return servers.reduce((sum, server) => sum + count(server), 0)
}

function inFlight({ connections }: AttachedServer): number {
  let busy = 0
  for (const session of connections.sessions) busy += openStreams(session).length
  for (const socket of connections.sockets) if (responseOf(socket) !== undefined) busy += 1
  return busy
}

type ConnectionKind = 'http1' | 'http2' | 'upgraded'

function ofKind(kind: ConnectionKind): (server: AttachedServer) => number {
  return ({ connections }) => {
    let found = 0
    for (const socket of connections.sockets) if (kindOf(connections, socket) === kind) found += 1
    return found
  }
}

function kindOf({ carriesSession }: Connections, socket: Socket): ConnectionKind {
  if (carriesSession(socket)) return 'http2'
  return isUpgraded(socket) ? 'upgraded' : 'http1'
}

function handshakes({ connections }: AttachedServer): number {
  return connections.handshakes().length
}

function byCheck(check: string, value: number): Sample {
  return { labels: { check }, value }
}
