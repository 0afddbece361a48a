import type { RolloutStatus, RolloutSummaryView, RolloutView } from '../../src/api/index.ts'
import { openApproval } from './actions.ts'

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'idle'

const words: Readonly<Record<RolloutStatus, readonly [text: string, tone: Tone]>> = {
  progressing: ['Progressing', 'busy'],
  paused: ['Paused', 'warn'],
  waiting: ['Waiting', 'warn'],
  held: ['Held', 'warn'],
  'rolling-back': ['Rolling back', 'bad'],
  promoted: ['Promoted', 'good'],
  'rolled-back': ['Rolled back', 'bad'],
  'failed-safe': ['Failed safe', 'bad'],
}

/** A status in words, with its colour. */
export function statusText(status: RolloutStatus): { readonly text: string; readonly tone: Tone } {
  const [text, tone] = words[status]
  return { text, tone }
}

/** What a listener is told when it changes; the same text twice is not read out again. */
export function announcement(view: RolloutView): string {
  const gate = openApproval(view)
  const what = `${view.service}, ${view.to.id}: ${statusText(view.status).text}`
  if (gate) return `${what}. Gate ${gate.gate} waits for approval.`
  const step = view.steps[view.position]
  return view.outcome === undefined && step
    ? `${what}. Step ${view.position + 1}: ${step.step}.`
    : `${what}.`
}

/** What it waits for, where that is people; undefined where nobody is asked. */
export function waitingText(view: RolloutView): string | undefined {
  const held = view.status === 'held' ? view.gates.find(({ open }) => open) : undefined
  if (held)
    return `Gate "${held.gate}" holds, ${held.verdict?.reason ?? 'without a verdict'}. Resume tries it again, promote goes on without it, abort gives ${view.to.id} up.`
  const gate = openApproval(view)
  if (!gate) return undefined
  const { approvals, quorum } = gate
  return `Gate "${gate.gate}" waits for approval: ${approvals.length} of ${quorum} given.`
}

/** How far: finished steps of all. */
export function progressOf(view: RolloutView): { readonly done: number; readonly all: number } {
  const all = view.steps.length
  const done =
    view.outcome === undefined ? view.steps.filter(({ state }) => state === 'done').length : all
  return { done, all }
}

/** `v1 to v2`, or only the new one for a first deployment. */
export function releasesText({ from, to }: Pick<RolloutSummaryView, 'from' | 'to'>): string {
  return from ? `${from.id} to ${to.id}` : to.id
}
