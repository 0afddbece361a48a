import type { Entry } from '@changeover/engine'
import { z } from 'zod'

/** What a notifier may be asked to tell: types of journal entries, and two that people wait for. */
export type NotifyEvent =
  | Entry['type']
  /** An `approve` step began: somebody is asked. */
  | 'approval-wanted'
  /** A judge found against the new release. */
  | 'judged-fail'

const ALL = [
  'created',
  'led',
  'step-started',
  'step-finished',
  'adopted',
  'launch-intended',
  'launched',
  'ready',
  'available',
  'unready',
  'lost',
  'routes-intended',
  'routes-converged',
  'drained',
  'stop-intended',
  'stopped',
  'counting',
  'judged',
  'commanded',
  'refused',
  'held',
  'closed',
  'opened',
  'noticed',
  'turned-back',
  'finished',
  'approval-wanted',
  'judged-fail',
] as const satisfies readonly NotifyEvent[]

/** What people want to hear of unasked. */
const DEFAULT: readonly NotifyEvent[] = [
  'created',
  'approval-wanted',
  'judged-fail',
  'held',
  'closed',
  'lost',
  'noticed',
  'turned-back',
  'finished',
]

/** Schema of the option `events`. */
export const eventsOption: z.ZodType<'all' | readonly NotifyEvent[] | undefined> = z
  .union([z.literal('all'), z.array(z.enum(ALL)).min(1)], 'not "all" or a list of events')
  .optional()

/** What to do about a mistake in the option `events`. */
export const EVENTS_REMEDY: string = `Give 'all', or a list of these: ${ALL.join(', ')}.`

/** Whether an entry is one of `events`. Pure. */
export function wants(events: 'all' | readonly NotifyEvent[] | undefined, entry: Entry): boolean {
  if (events === 'all') return true
  return eventsOf(entry).some((event) => (events ?? DEFAULT).includes(event))
}

function eventsOf(entry: Entry): readonly NotifyEvent[] {
  if (entry.type === 'step-started' && entry.step.step === 'approve')
    return [entry.type, 'approval-wanted']
  if (entry.type === 'judged' && entry.verdict.verdict === 'fail')
    return [entry.type, 'judged-fail']
  return [entry.type]
}
