import type { Entry } from '@changeover/engine'
import { barePlan, bareStep } from './plan-view.ts'

/** Longest text of an entry, in characters: reasons may hold what an instance printed last. */
const LONGEST_TEXT = 2_000

/**
 * A journal entry as the API tells it: specs are null, and long texts are cut. Its hash is that of the entry as it was
 * journaled, so only the server can check it: that is what `verify` is for.
 */
export function entryView(entry: Entry): Entry {
  switch (entry.type) {
    case 'created':
      return { ...entry, plan: barePlan(entry.plan) }
    case 'step-started':
      return { ...entry, step: bareStep(entry.step) }
    case 'turned-back':
      return { ...entry, reason: cut(entry.reason), steps: entry.steps.map(bareStep) }
    case 'judged':
      return { ...entry, verdict: { ...entry.verdict, reason: cut(entry.verdict.reason) } }
    case 'noticed':
      return { ...entry, message: cut(entry.message) }
    case 'routes-converged':
      return { ...entry, evidence: cut(entry.evidence) }
    default:
      return 'reason' in entry && entry.reason !== undefined
        ? { ...entry, reason: cut(entry.reason) }
        : entry
  }
}

/** The text, or as much of it as the API tells. */
export function cut(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text
}
