import type { InstanceCounts, InstanceView, ReleaseView } from '@changeover/console/api'
import type { InstancePhase } from '@changeover/engine'
import { percentOf, shareOf } from './amounts.ts'
import { rateOf, type RolloutPicture } from './rollout-picture.ts'
import type { Mark } from './style.ts'
import type { TreeNode } from './tree.ts'

/** More instances than this are summed up; those that are on their way come first. */
const SHOWN_INSTANCES = 10

const PHASES: Readonly<Record<InstancePhase, { readonly mark: Mark; readonly rank: number }>> = {
  launching: { mark: 'next', rank: 0 },
  starting: { mark: 'active', rank: 1 },
  stopping: { mark: 'waiting', rank: 2 },
  ready: { mark: 'done', rank: 3 },
  available: { mark: 'done', rank: 4 },
}

/** Both releases with their instances, the new one first. */
export function releaseNodes(picture: RolloutPicture, now: number): TreeNode[] {
  const { from, to } = picture.view
  return [
    releaseNode(to, 'new', picture, now),
    ...(from ? [releaseNode(from, 'old', picture, now)] : []),
  ]
}

function releaseNode(
  release: ReleaseView,
  role: string,
  picture: RolloutPicture,
  now: number,
): TreeNode {
  const own = picture.instances.filter((one) => one.release === release.id)
  const counts = picture.view.counts.find((one) => one.release === release.id)
  const weight = picture.view.pools.find((pool) => pool.release === release.id)?.weight ?? 0
  const named = release.version === release.id ? [] : [release.version]
  return {
    icon: '#',
    name: release.id,
    kind: 'Release',
    status: releaseStatus(counts),
    age: undefined,
    info: [...named, role, percentOf(weight), ...traffic(picture, release.id)].join(', '),
    children: instanceNodes(own, now),
  }
}

function releaseStatus(counts: InstanceCounts | undefined): TreeNode['status'] {
  const { starting = 0, ready = 0, stopping = 0 } = counts ?? {}
  const total = starting + ready + stopping
  if (total === 0) return { mark: 'next', text: 'none' }
  return { mark: ready === total ? 'done' : 'active', text: `${ready}/${total} ready` }
}

function traffic(picture: RolloutPicture, release: string): string[] {
  const rate = rateOf(picture, release)
  if (!rate) return []
  const perSecond =
    rate.perSecond >= 10 ? Math.round(rate.perSecond) : Number(rate.perSecond.toFixed(1))
  return [`${perSecond} req/s`, ...(rate.total > 0 ? [`${shareOf(rate.bad, rate.total)} bad`] : [])]
}

function instanceNodes(instances: readonly InstanceView[], now: number): TreeNode[] {
  const sorted = instances.toSorted(
    (one, other) => PHASES[one.phase].rank - PHASES[other.phase].rank,
  )
  if (sorted.length <= SHOWN_INSTANCES) return instances.map((one) => instanceNode(one, now))
  const shown = sorted.slice(0, SHOWN_INSTANCES / 2)
  return [...shown.map((one) => instanceNode(one, now)), summary(sorted.slice(shown.length))]
}

function instanceNode({ id, phase, address, since }: InstanceView, now: number): TreeNode {
  return {
    icon: '□',
    name: id,
    kind: 'Instance',
    status: { mark: PHASES[phase].mark, text: phase },
    age: now - since,
    info: address ?? '',
    children: [],
  }
}

function summary(rest: readonly InstanceView[]): TreeNode {
  const phases = [...new Set(rest.map(({ phase }) => phase))]
  const parts = phases.map(
    (phase) => `${rest.filter((one) => one.phase === phase).length} ${phase}`,
  )
  return {
    icon: '□',
    name: `… ${rest.length} more`,
    kind: 'Instances',
    status: undefined,
    age: undefined,
    info: phases.length === 1 ? `all ${phases[0]}` : parts.join(', '),
    children: [],
  }
}
