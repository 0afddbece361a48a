import type { Fleet, Instance } from '@changeover/engine'
import type { Watch } from './watch.ts'
import { routedIds } from './routed-ids.ts'

/** A fleet whose launches and stops are checked against the rules. */
export function watchFleet(watch: Watch): Fleet {
  const { observed, ledger, changed, violate } = watch
  const { fleet } = observed
  const service = observed.table.service
  fleet.watch?.(service, ({ instance }) => lose(watch, instance))
  return {
    ...fleet,
    async launch(request, options) {
      observed.onLaunch?.(request.release)
      const instance = await fleet.launch(request, options)
      if (ledger.running.has(instance.id)) return instance
      checkLaunch(watch, instance)
      const { maxTotal } = observed.plan.capacity
      const isFull = ledger.running.size >= maxTotal
      forgetEnded(watch, isFull ? ledger.running.keys() : ledger.abandoned)
      ledger.launched.add(instance.id)
      ledger.running.set(instance.id, instance)
      if (ledger.running.size > maxTotal) violate(4, `${ledger.running.size} run, ${maxTotal} may`)
      changed('launch', instance, 1)
      return instance
    },
    async probe(instance, options) {
      const readiness = await fleet.probe(instance, options)
      if (readiness.ready && !ledger.ready.has(instance.id)) {
        ledger.ready.add(instance.id)
        ledger.everReady.add(instance.id)
        if (routedIds(ledger.table).has(instance.id)) ledger.serving += 1
        changed('ready')
      }
      return readiness
    },
    async stop(instance, options) {
      // To stop what is gone changes nothing.
      if (observed.inside?.running(instance.id) ?? true) await checkStop(watch, instance)
      ledger.stopping.add(instance.id)
      try {
        const report = await fleet.stop(instance, options)
        end(watch, instance.id)
        return report
      } catch (error) {
        if (ledger.running.has(instance.id)) ledger.abandoned.add(instance.id)
        throw error
      }
    },
  }
}

function checkLaunch({ observed, violate }: Watch, { id }: Instance): void {
  const journal = observed.journal?.()
  if (!journal) return
  if (journal.isOver()) violate(7, `${id} is launched after the end`)
  if (!journal.intended('launch-intended', id))
    violate(5, `${id} is launched before that was journaled`)
}

async function checkStop({ observed, ledger, violate }: Watch, instance: Instance): Promise<void> {
  const { id, service } = instance
  const { router, plan, inside } = observed
  const routes = await router.observe(service)
  if (routes.table && routedIds(routes.table).has(id))
    violate(3, `${id} is stopped before the router has converged`)
  if (routedIds(ledger.table).has(id)) violate(3, `${id} is stopped while it is in a route`)
  if (!ledger.drained.has(id)) violate(3, `${id} is stopped before it was drained`)
  const { minAvailable } = plan.capacity
  if (ledger.serving < minAvailable && !observed.disturbed)
    violate(4, `${ledger.serving} serve, ${minAvailable} must`)
  if (ledger.serving === 0 && minAvailable > 0 && ledger.ready.has(id))
    violate(4, `${id} is stopped, and nobody else serves`)
  const leftForMs = inside?.leftForMs(id) ?? Infinity
  const busy = inside && inside.running(id) && leftForMs < inside.drainAfterMs
  if (busy && leftForMs < inside.forcedAfterMs)
    violate(3, `${id} is stopped with requests in flight, ${leftForMs} ms after it left`)
  checkIntent({ observed, violate }, id)
}

function checkIntent({ observed, violate }: Pick<Watch, 'observed' | 'violate'>, id: string): void {
  const journal = observed.journal?.()
  if (!journal) return
  if (journal.isOver()) violate(7, `${id} is stopped after the end`)
  if (!journal.intended('stop-intended', id))
    violate(5, `${id} is stopped before that was journaled`)
}

/** It ended by itself. */
function lose(watch: Watch, id: string): void {
  watch.ledger.dead.add(id)
  end(watch, id)
}

/** Instances end on their own time where whoever asked them to no longer waits. */
export function forgetEnded(watch: Watch, ids: Iterable<string>): void {
  const { inside } = watch.observed
  if (!inside) return
  for (const id of ids) if (!inside.running(id)) end(watch, id)
}

function end({ ledger, changed }: Watch, id: string): void {
  const served = ledger.ready.delete(id) && routedIds(ledger.table).has(id)
  if (served) ledger.serving -= 1
  ledger.abandoned.delete(id)
  const instance = ledger.running.get(id)
  if (ledger.running.delete(id)) changed('stop', instance, -1)
}
