import { startChecks } from './checks.ts'
import type { HealthFacts } from './health.ts'
import { sampleLifecycle } from './lifecycle-samples.ts'
import { publishMetrics, watchLoopDelay } from './metrics.ts'
import type { Sample } from './metrics.ts'
import type { MetricName } from './metrics-catalog.ts'
import type { LifecycleSettings } from './options.ts'
import { listenForProbes, listenInThread } from './probe-listener.ts'
import type { ProbeAddress, ProbeListener } from './probe-listener.ts'
import { createProbeFetch, createProbeHandler, createProber } from './probes.ts'
import type { ProbeFetch, ProbeHandler, Prober } from './probes.ts'
import type { Registry } from './registry.ts'
import type { DrainCounts } from './server-drain.ts'

/** What a lifecycle tells its desk. */
export interface DeskSources {
  /** Read anew for each answer. */
  readonly phase: Pick<HealthFacts, 'state' | 'started'>
  readonly registry: Pick<Registry, 'registered'>
  /** Missing before the drain. */
  readonly counts: () => DrainCounts | undefined
}

/** Where a process is asked how it is: checks, probes and metrics. */
export interface HealthDesk {
  /** What becomes part of the lifecycle. */
  readonly surface: {
    readonly handler: ProbeHandler
    readonly fetch: ProbeFetch
    readonly probesAddress: () => Promise<ProbeAddress | undefined>
  }
  /** Start-up is over. */
  readonly ready: () => void
  /** Ends the checks; the answers go on. */
  readonly drain: () => void
  readonly close: () => Promise<void>
}

/** Starts checks, metrics and the listener of a lifecycle, as far as its options ask for them. */
export function createHealthDesk(settings: LifecycleSettings, sources: DeskSources): HealthDesk {
  const { registry, details } = settings
  const drainClock = createStopwatch()
  // First, since only this can be refused.
  const metrics = registry && publishMetrics(registry, sample)
  const loopDelay = registry && watchLoopDelay()
  const checks = startChecks(settings.checks, settings.logger)
  const facts = (): HealthFacts => ({ ...sources.phase, checks: checks.snapshot() })
  const prober = createProber({ facts, identity: settings, details, metrics })
  const listener = openListener(settings, prober)

  function sample(name: MetricName): readonly Sample[] {
    return sampleLifecycle(name, {
      ...facts(),
      servers: sources.registry.registered().servers,
      drain: { ...(sources.counts() ?? nothing), durationMs: drainClock.elapsedMs() },
      readLoopDelay: () => loopDelay?.read() ?? [],
    })
  }

  return {
    surface: {
      handler: createProbeHandler(prober),
      fetch: createProbeFetch(prober),
      probesAddress: async () => listener?.address,
    },
    ready: () => listener?.watch(true),
    drain: () => {
      checks.stop()
      drainClock.start()
      listener?.watch(false)
    },
    close: async () => {
      drainClock.stop()
      loopDelay?.stop()
      await listener?.close()
    },
  }
}

const nothing: DrainCounts = { completed: 0, unresponsive: 0, forced: 0, refused: 0 }

function openListener(settings: LifecycleSettings, prober: Prober): ProbeListener | undefined {
  const { probes, stuckAfterMs, logger } = settings
  if (probes === undefined) return undefined
  const onLost = (): void => logger.error({ ...probes }, 'the thread for probes ended')
  const listener =
    stuckAfterMs === undefined
      ? listenForProbes(probes, prober)
      : listenInThread(probes, prober, { stuckAfterMs, onLost })
  listener.address.then(
    (address) => logger.info({ ...address }, 'probes listen'),
    (error: unknown) => logger.error({ err: error }, 'probes failed'),
  )
  return listener
}

interface Stopwatch {
  readonly start: () => void
  readonly stop: () => void
  readonly elapsedMs: () => number
}

function createStopwatch(): Stopwatch {
  let startedAt: number | undefined
  let stoppedAt: number | undefined
  return {
    start: () => (startedAt = performance.now()),
    stop: () => (stoppedAt = performance.now()),
    elapsedMs: () => (startedAt === undefined ? 0 : (stoppedAt ?? performance.now()) - startedAt),
  }
}
