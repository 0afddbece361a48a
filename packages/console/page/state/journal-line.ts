import type { Entry } from '@changeover/engine'
import { countText, weightText } from './share-text.ts'

/** What an entry is about; the filter of the journal. */
export type JournalKind = 'rollout' | 'people' | 'gates' | 'traffic' | 'instances' | 'steps'

export const journalKinds: readonly JournalKind[] = [
  'rollout',
  'people',
  'gates',
  'traffic',
  'instances',
  'steps',
]

/** An entry for people. */
export interface JournalLine {
  readonly kind: JournalKind
  readonly text: string
  /** The person or engine that it names. */
  readonly who: string | undefined
  readonly tone: 'good' | 'bad' | 'warn' | undefined
}

type EntryOf<Type extends Entry['type']> = Extract<Entry, { type: Type }>
type Telling = { readonly [Type in Entry['type']]?: (entry: EntryOf<Type>) => Told }
type Told = Pick<JournalLine, 'kind' | 'text'> & Partial<JournalLine>

const tellings: Telling = {
  created: ({ plan, by }) => ({
    kind: 'rollout',
    who: by,
    text: `Rollout created: ${plan.strategy} from ${plan.from ? `"${plan.from.id}"` : 'nothing'} to "${plan.to.id}", ${countText(plan.replicas, 'replica')}`,
  }),
  led: ({ holder }) => ({ kind: 'rollout', who: holder, text: 'Engine took the lead' }),
  'step-started': ({ index, step }) => ({
    kind: 'steps',
    text: `Step ${index + 1} began: ${step.step}`,
  }),
  'step-finished': ({ index }) => ({ kind: 'steps', text: `Step ${index + 1} ended` }),
  adopted: ({ instance, ready }) => ({
    kind: 'instances',
    text: `${instance.id} of "${instance.release}" found running${ready ? '' : ', not ready'}`,
  }),
  'launch-intended': ({ id, release, insteadOf }) => ({
    kind: 'instances',
    text: `${id} of "${release}" is to be launched${insteadOf === undefined ? '' : ` instead of ${insteadOf}`}`,
  }),
  launched: ({ instance }) => ({
    kind: 'instances',
    text: `${instance.id} launched at ${instance.address}`,
  }),
  ready: ({ id }) => ({ kind: 'instances', text: `${id} is ready` }),
  available: ({ id }) => ({ kind: 'instances', text: `${id} stayed ready and counts` }),
  unready: ({ id, reason }) => ({
    kind: 'instances',
    tone: 'warn',
    text: `${id} is not ready any more: ${reason}`,
  }),
  lost: ({ id, reason }) => ({ kind: 'instances', tone: 'bad', text: `${id} is lost: ${reason}` }),
  'routes-intended': ({ revision, pools }) => ({
    kind: 'traffic',
    text: `Routes ${revision} intended: ${poolsText(pools)}`,
  }),
  'routes-converged': ({ revision, level, evidence }) => ({
    kind: 'traffic',
    text: `Routes ${revision} in force (${level}): ${evidence}`,
  }),
  drained: ({ id, inFlight, forced }) => ({
    kind: 'instances',
    ...(forced > 0 ? { tone: 'warn' as const } : {}),
    text: `${id} drained: ${inFlight} in flight${forced > 0 ? `, ${forced} cut` : ''}`,
  }),
  'stop-intended': ({ id }) => ({ kind: 'instances', text: `${id} is to be stopped` }),
  stopped: ({ id, graceful }) => ({
    kind: 'instances',
    ...(graceful ? {} : { tone: 'warn' as const }),
    text: `${id} stopped${graceful ? '' : ' by force'}`,
  }),
  counting: ({ gate }) => ({ kind: 'gates', text: `Gate "${gate}" counts from here` }),
  judged: ({ gate, verdict }) => ({
    kind: 'gates',
    tone: verdictTone(verdict.verdict),
    text: `Gate "${gate}": ${verdict.verdict} on ${verdict.evidence.toLocaleString('en')} seen. ${verdict.reason}`,
  }),
  commanded: ({ command, by, gate, reason }) => ({
    kind: 'people',
    who: by,
    text: `${command}${gate === undefined ? '' : ` at gate "${gate}"`}${reason === undefined ? '' : `: ${reason}`}`,
  }),
  refused: ({ command, by, code, reason }) => ({
    kind: 'people',
    who: by,
    tone: 'warn',
    text: `${command} refused (${code}): ${reason}`,
  }),
  held: ({ gate, reason }) => ({
    kind: 'gates',
    tone: 'warn',
    text: `Gate "${gate}" holds: ${reason}`,
  }),
  closed: ({ reason }) => ({ kind: 'rollout', text: `The window is closed: ${reason}` }),
  opened: () => ({ kind: 'rollout', text: 'The window is open' }),
  noticed: ({ message }) => ({ kind: 'rollout', tone: 'warn', text: message }),
  'turned-back': ({ code, reason }) => ({
    kind: 'rollout',
    tone: 'bad',
    text: `Turned back (${code}): ${reason}`,
  }),
  finished: ({ outcome, reason }) => ({
    kind: 'rollout',
    tone: outcome === 'promoted' ? 'good' : 'bad',
    text: `Finished: ${outcome}${reason === undefined ? '' : `. ${reason}`}`,
  }),
}

/** The entry in words. A kind of entry that this page does not know yet is named. */
export function journalLine(entry: Entry): JournalLine {
  const told = tell(entry)
  return { kind: told.kind, text: told.text, who: told.who, tone: told.tone }
}

function tell<Type extends Entry['type']>(entry: EntryOf<Type>): Told {
  const telling: ((entry: EntryOf<Type>) => Told) | undefined = tellings[entry.type]
  return telling ? telling(entry) : { kind: 'rollout', text: entry.type }
}

function poolsText(pools: EntryOf<'routes-intended'>['pools']): string {
  return pools
    .map(({ release, weight, instances }) => `"${release}" ${weightText(weight)} on ${instances}`)
    .join(', ')
}

function verdictTone(verdict: 'pass' | 'fail' | 'inconclusive'): 'good' | 'bad' | 'warn' {
  const tones = { pass: 'good', fail: 'bad', inconclusive: 'warn' } as const
  return tones[verdict]
}

export interface JournalFilter {
  /** @default all */
  readonly kind: JournalKind | undefined
  /** Part of the text, the name or the type; upper and lower case alike. */
  readonly text: string
}

/** Entries that pass the filter, the newest first, with their words. */
export function filterJournal(
  entries: readonly Entry[],
  { kind, text }: JournalFilter,
): readonly { readonly entry: Entry; readonly line: JournalLine }[] {
  const wanted = text.trim().toLowerCase()
  return entries
    .map((entry) => ({ entry, line: journalLine(entry) }))
    .filter(({ line }) => kind === undefined || line.kind === kind)
    .filter(({ entry, line }) =>
      `${entry.type} ${line.text} ${line.who ?? ''}`.toLowerCase().includes(wanted),
    )
    .toReversed()
}
