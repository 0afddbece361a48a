import type { InstanceView, RolloutView, TrafficView } from '@changeover/console/api'
import type { JudgeLook } from '@changeover/engine'
import type { RolloutEvent } from '../client/follow-rollout.ts'

/** All that one sees of a rollout. */
export interface RolloutPicture {
  readonly view: RolloutView
  readonly instances: readonly InstanceView[]
  /** The last look of each judge, by its gate. */
  readonly looks: Readonly<Record<string, JudgeLook>>
  /** The last two counts, the newer one last. */
  readonly traffic: readonly TrafficView[]
}

/** The picture before anything was told but the rollout itself. */
export function firstPicture(
  view: RolloutView,
  instances: readonly InstanceView[] = [],
): RolloutPicture {
  return { view, instances, looks: {}, traffic: [] }
}

/** The picture after one more event. Pure. */
export function addEvent(picture: RolloutPicture, told: RolloutEvent): RolloutPicture {
  switch (told.event) {
    case 'view':
      return { ...picture, view: told.data }
    case 'look':
      return { ...picture, looks: { ...picture.looks, [told.data.gate]: told.data } }
    case 'traffic':
      return { ...picture, traffic: [...picture.traffic.slice(-1), told.data] }
    case 'entry':
    case 'end':
      return picture
  }
}

/** Requests a second and how many of them went wrong, between the last two counts; undefined where nothing was counted. */
export function rateOf(
  { traffic }: RolloutPicture,
  release: string,
): { readonly perSecond: number; readonly total: number; readonly bad: number } | undefined {
  const [before, after] = traffic
  const old = before?.releases[release]
  const young = after?.releases[release]
  if (!before || !after || !old || !young || after.at <= before.at) return undefined
  const total = young.total - old.total
  // A router that began to count anew.
  if (total < 0) return undefined
  const perSecond = (total * 1_000) / (after.at - before.at)
  return { perSecond, total, bad: Math.max(0, young.bad - old.bad) }
}
