import type { Instance } from './instance.ts'
import type { EntryBody } from './journal.ts'
import { summarizePools } from './pool.ts'
import type { InstanceState } from './rollout-state.ts'
import { extrasAlike } from './route-rule.ts'
import type { Run } from './run.ts'

/**
 * Brings the state in line with what really runs and what the router really follows. Done whenever an engine takes
 * over and before it turns back: the journal says what was intended, only the outside says what is.
 */
export async function observeOutside(run: Run): Promise<void> {
  const { state, ports } = run
  const { service } = state.plan
  const [running, routes] = await Promise.all([
    ports.fleet.list(service, { signal: run.signal }),
    ports.router.observe(service, { signal: run.signal }),
  ])
  run.revision = Math.max(run.revision, routes.revision, state.intended?.revision ?? 0)
  run.inForce = routes.converged ? routes.table : undefined
  run.sent = routes.table
  const findings = [...missing(run, running), ...(await found(run, running)), ...drift(run)]
  await run.record(...findings)
}

/** Instances that the journal knows and the fleet does not. One that was only intended is none of them: it is launched. */
function missing({ state }: Run, running: readonly Instance[]): EntryBody[] {
  const ids = new Set(running.map(({ id }) => id))
  return [...state.instances.values()]
    .filter(({ id, phase }) => phase !== 'launching' && !ids.has(id))
    .map(({ id, phase }) =>
      phase === 'stopping'
        ? { type: 'stopped', id, graceful: true }
        : { type: 'lost', id, reason: 'it was not running when the engine looked' },
    )
}

/** Instances that the fleet runs: unknown ones are adopted, known ones prove themselves again. */
async function found(run: Run, running: readonly Instance[]): Promise<EntryBody[]> {
  const entries = await Promise.all(
    running.map((instance) => recognize(run, instance, run.state.instances.get(instance.id))),
  )
  return entries.flat()
}

async function recognize(
  run: Run,
  instance: Instance,
  known: InstanceState | undefined,
): Promise<EntryBody[]> {
  if (known?.phase === 'launching') return [{ type: 'launched', instance }]
  if (known?.phase === 'starting' || known?.phase === 'stopping') return []
  const { ready, reason = 'no reason given' } = await run.ports.fleet.probe(instance, {
    signal: run.signal,
  })
  if (!known) return [{ type: 'adopted', instance, ready }]
  return ready ? [] : [{ type: 'unready', id: instance.id, reason }]
}

/** Whatever differs is put right by the next step, since steps state absolute targets; here it is only told. */
function drift({ state, inForce }: Run): EntryBody[] {
  const { converged } = state
  const seen = JSON.stringify(summarizePools(inForce?.pools ?? []))
  if (!converged) return []
  const alike = seen === JSON.stringify(converged.pools) && extrasAlike(inForce ?? {}, converged)
  return alike
    ? []
    : [{ type: 'noticed', message: `the router does not follow the last table, but ${seen}` }]
}
