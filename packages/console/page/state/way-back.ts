import type { RolloutView, ServiceView } from '../../src/api/index.ts'
import { countText, weightText } from './share-text.ts'

/** What a rollback of a rollout under way will do, in words, before anybody says yes. */
export function wayBackText(view: RolloutView): readonly string[] {
  const { from, to, service } = view
  const share = weightText(view.pools.find(({ release }) => release === to.id)?.weight ?? 0)
  const counts = view.counts.find(({ release }) => release === to.id)
  const running = (counts?.starting ?? 0) + (counts?.ready ?? 0)
  const target = from
    ? `All traffic of ${service} goes back to "${from.id}" (${from.version}); "${to.id}" has ${share} of it now.`
    : `"${to.id}" is taken out of the routes of ${service}. There was no release before it: nothing will serve.`
  return [
    target,
    `Then ${countText(running, 'instance')} of "${to.id}" (${to.version}) end their requests and are stopped.`,
    'Lost: the progress of this rollout, with its verdicts and approvals. Requests under way are not cut before their deadline. Schema changes that have run are not undone.',
  ]
}

/** What a rollback of a service with no rollout under way will do. */
export function rollbackText(service: ServiceView, to: string): readonly string[] {
  const { name, current, replicas } = service
  const target = service.rollbackTo.find(({ id }) => id === to)
  const back = target ? `"${target.id}" (${target.version})` : `"${to}"`
  const instances = replicas === undefined ? 'Its instances' : countText(replicas, 'instance')
  return [
    `${name} goes back to ${back}. ${instances} of it ${replicas === 1 ? 'is' : 'are'} launched and must prove ready before any traffic moves.`,
    current
      ? `Then "${current.id}" (${current.version}) gets no new request, ends those under way and is stopped.`
      : 'Nothing serves now.',
    `Lost: what "${current?.id ?? to}" does and "${to}" does not. Schema changes are not undone.`,
  ]
}
