import { refuse } from './changeover-error.ts'
import type { Readiness } from './fleet.ts'
import type { Instance } from './instance.ts'
import type { EntryBody } from './journal.ts'
import { releaseOf, type Run } from './run.ts'
import type { InstanceState } from './rollout-state.ts'
import type { ReadinessSettings } from './step.ts'

const DEFAULT_PROBE_EVERY_MS = 250

/**
 * Journals the intent to launch `count` instances of a release, the first ones instead of lost instances; whoever tends
 * the instances then brings them up.
 */
export async function intendLaunches(
  run: Run,
  release: string,
  count: number,
  lost: readonly string[] = [],
): Promise<void> {
  const { id, launches } = run.state
  const intents = Array.from({ length: count }, (_, i): EntryBody => {
    const insteadOf = lost[i]
    return {
      type: 'launch-intended',
      id: `${id}.${launches + i + 1}`,
      release,
      ...(insteadOf === undefined ? {} : { insteadOf }),
    }
  })
  await run.record(...intents)
}

/**
 * Takes an instance from wherever it stands to `available`: launched, ready, and still ready after `minReadyMs`.
 *
 * @throws ChangeoverError `CHANGEOVER_LAUNCH_FAILED`, `CHANGEOVER_NOT_READY`
 */
export async function bringUp(
  run: Run,
  known: InstanceState,
  settings: ReadinessSettings,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = run.ports
  const instance = known.instance ?? (await launchInstance(run, known, signal))
  while (known.phase === 'starting' || known.phase === 'ready') {
    if (known.phase === 'starting') await becomeReady(run, { known, instance }, settings, signal)
    const ripeAt = (known.readyAt ?? clock.now()) + settings.minReadyMs
    if (clock.now() < ripeAt) await clock.sleep(ripeAt - clock.now(), { signal })
    await confirmReady(run, { known, instance }, settings, signal)
  }
}

/** Launches an instance that was only intended so far, and journals its address. */
export async function launchInstance(
  run: Run,
  known: InstanceState,
  signal: AbortSignal,
): Promise<Instance> {
  const { fleet } = run.ports
  const { id } = known
  const release = releaseOf(run.state, known.release)
  const { service } = run.state.plan
  const instance = await fleet.launch({ id, service, release, fence: run.fence }, { signal })
  await run.record({ type: 'launched', instance })
  return instance
}

interface Subject {
  readonly known: InstanceState
  readonly instance: Instance
}

async function becomeReady(
  run: Run,
  { known, instance }: Subject,
  settings: ReadinessSettings,
  signal: AbortSignal,
): Promise<void> {
  const { fleet, clock } = run.ports
  const everyMs = releaseOf(run.state, known.release).readiness?.everyMs ?? DEFAULT_PROBE_EVERY_MS
  for (;;) {
    const readiness = await fleet.probe(instance, { signal })
    if (readiness.ready) return run.record(...readyEntries(known.id, settings))
    // Paused, its time stands still: it may become ready, but it is not given up.
    const now = run.state.paused ? Math.min(run.state.paused.since, clock.now()) : clock.now()
    const leftMs = known.launchedAt + settings.readyWithinMs - now
    if (readiness.exited || (leftMs <= 0 && !run.state.paused))
      throw notReady(known.id, settings, readiness)
    await clock.sleep(run.state.paused ? everyMs : Math.min(everyMs, leftMs), { signal })
  }
}

/** Where no minimum time is asked for, being ready once is enough. */
function readyEntries(id: string, { minReadyMs }: ReadinessSettings): EntryBody[] {
  return minReadyMs > 0
    ? [{ type: 'ready', id }]
    : [
        { type: 'ready', id },
        { type: 'available', id },
      ]
}

async function confirmReady(
  run: Run,
  { known, instance }: Subject,
  settings: ReadinessSettings,
  signal: AbortSignal,
): Promise<void> {
  if (known.phase !== 'ready') return
  const readiness = await run.ports.fleet.probe(instance, { signal })
  if (readiness.ready) return run.record({ type: 'available', id: known.id })
  if (readiness.exited) throw notReady(known.id, settings, readiness)
  await run.record({ type: 'unready', id: known.id, reason: readiness.reason ?? 'no reason given' })
}

function notReady(
  instance: string,
  { readyWithinMs }: ReadinessSettings,
  { reason, output, exited }: Readiness,
): Error {
  const problem = reason ?? (exited ? 'it exited' : 'it gave no reason')
  return refuse('CHANGEOVER_NOT_READY', {
    instance,
    withinMs: readyWithinMs,
    problem,
    output: output || '(none)',
  })
}
