import type { InstanceCounts, ReleaseView, RolloutView } from '@changeover/console/api'
import { percentOf, shortSpan } from './amounts.ts'
import { releaseNodes } from './release-nodes.ts'
import type { RolloutPicture } from './rollout-picture.ts'
import { messageOf, statusOf } from './rollout-status.ts'
import { planNode } from './step-nodes.ts'
import { cut, marked, pad, paint, type Style, visible } from './style.ts'
import { type TreeNode, treeLines } from './tree.ts'

const LABEL_WIDTH = 17

/**
 * A rollout for people: what it is, where it stands, then the tree of its releases, instances, steps and gates. Pure:
 * the same picture at the same time gives the same lines, none of them wider than `style.width`.
 */
export function renderRollout(picture: RolloutPicture, now: number, style: Style): string[] {
  return [...headerLines(picture.view, now, style), '', ...treeLines(rootNode(picture, now), style)]
}

function rootNode(picture: RolloutPicture, now: number): TreeNode {
  const { view } = picture
  return {
    icon: '⟳',
    name: view.service,
    kind: 'Service',
    status: statusOf(view.status),
    age: (view.finishedAt ?? now) - view.startedAt,
    info: view.id,
    children: [...releaseNodes(picture, now), planNode(picture, now)],
  }
}

type Line = readonly [label: string, text: string]

function headerLines(view: RolloutView, now: number, style: Style): string[] {
  const { mark, text } = statusOf(view.status)
  const message = messageOf(view, now)
  const lines: Line[] = [
    ...(message === undefined ? [] : [['Message:', message] as const]),
    ['Strategy:', view.strategy],
    ...releaseLines(view),
    ['Weights:', weightsOf(view)],
    ...(view.by === undefined ? [] : [['Asked for by:', view.by] as const]),
    ...view.warnings.map((warning) => ['Warning:', warning] as const),
    ['Replicas:', ''],
    ...replicaLines(view),
  ]
  return [
    field('Service:', paint(visible(view.service, style), 'bold', style)),
    field('Status:', marked(mark, `${text}${timeText(view, now)}`, style)),
    ...lines.map(([label, value]) =>
      field(label, cut(visible(value, style), style.width - LABEL_WIDTH, style)),
    ),
  ]
}

function field(label: string, text: string): string {
  return `${pad(label, LABEL_WIDTH)}${text}`.trimEnd()
}

function timeText({ startedAt, finishedAt }: RolloutView, now: number): string {
  return finishedAt === undefined
    ? ` for ${shortSpan(now - startedAt)}`
    : ` in ${shortSpan(finishedAt - startedAt)}, ${shortSpan(now - finishedAt)} ago`
}

function releaseLines({ from, to }: RolloutView): Line[] {
  return [
    ['Releases:', `${releaseName(to)} (new)`],
    ...(from ? [['', `${releaseName(from)} (old)`] as const] : []),
  ]
}

/** A release by its id, with its version where that is another. */
export function releaseName({ id, version }: ReleaseView): string {
  return id === version ? id : `${id}, version ${version}`
}

function weightsOf({ pools }: RolloutView): string {
  return pools.map(({ release, weight }) => `${release} ${percentOf(weight)}`).join(', ') || 'none'
}

function replicaLines({ replicas, counts, to }: RolloutView): Line[] {
  const sum = (of: (one: InstanceCounts) => number): number =>
    counts.reduce((total, one) => total + of(one), 0)
  return [
    ['  Desired:', String(replicas)],
    ['  Current:', String(sum(running))],
    ['  Updated:', String(sum((one) => (one.release === to.id ? running(one) : 0)))],
    ['  Ready:', String(sum((one) => one.ready))],
  ]
}

function running({ starting, ready, stopping }: InstanceCounts): number {
  return starting + ready + stopping
}
