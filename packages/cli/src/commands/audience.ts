import type { RolloutView } from '@changeover/console/api'
import type { Entry, Plan, RolloutOutcome } from '@changeover/engine'
import type { RolloutEvent } from '../client/follow-rollout.ts'
import { entryLine } from '../view/entry-line.ts'
import { renderRollout } from '../view/render-rollout.ts'
import type { RolloutPicture } from '../view/rollout-picture.ts'
import { timeOfDay } from '../view/amounts.ts'
import { marked, visible } from '../view/style.ts'
import type { Shell } from './shell.ts'
import type { Drawing, Terminal } from './terminal.ts'

/** Whom a rollout is shown to while it goes on. */
export interface Audience {
  /** Whether it looks at single instances. */
  readonly wantsInstances: boolean
  show(picture: RolloutPicture): void
  tell(told: RolloutEvent, picture: RolloutPicture): void
  connection(state: 'lost' | 'back'): void
  /** Twice is once. */
  leave(): void
}

/** Drawn on a terminal, as lines elsewhere, nothing for programs. */
export async function audienceFor(shell: Shell): Promise<Audience> {
  if (shell.isJson) return silent(shell)
  return shell.terminal.isLive ? spectators(shell, await shell.terminal.draw()) : readers(shell)
}

/** The time left goes on between two events. */
const REDRAW_MS = 1_000
/** What comes closer together than eyes can see is drawn once. */
const SETTLE_MS = 40

/** A picture that is drawn over and over. */
function spectators({ terminal, now }: Shell, drawing: Drawing): Audience {
  let last: RolloutPicture | undefined
  let note: string | undefined
  let due: NodeJS.Timeout | undefined
  let isGone = false
  const draw = (): void => {
    clearTimeout(due)
    due = undefined
    if (!last || isGone) return
    const { style } = terminal
    const lines = renderRollout(last, now(), style)
    drawing.show(note === undefined ? lines : [...lines, '', marked('warning', note, style)])
  }
  const drawSoon = (picture?: RolloutPicture): void => {
    last = picture ?? last
    if (!isGone) due ??= setTimeout(draw, SETTLE_MS)
  }
  const timer = setInterval(draw, REDRAW_MS)
  return {
    wantsInstances: true,
    show: drawSoon,
    tell: (_, picture) => drawSoon(picture),
    connection: (state) => {
      note = state === 'lost' ? connectionText(state) : undefined
      drawSoon()
    },
    leave: () => {
      if (isGone) return
      draw()
      isGone = true
      clearInterval(timer)
      drawing.done()
    },
  }
}

/** Lines for logs: what happened, step by step. */
async function readers({ terminal, now }: Shell): Promise<Audience> {
  const { stepText } = await import('@changeover/engine')
  let plan: Plan | undefined
  let hasEnded = false
  let isTold = false
  const lineOf = (entry: Entry): string | undefined => {
    if (entry.type === 'created') ({ plan } = entry)
    if (entry.type !== 'step-started' || !plan) return entryLine(entry, terminal.style)
    const text = `step ${entry.index + 1}: ${stepText(entry.step, plan)}`
    return `${timeOfDay(entry.at)}  ${marked('active', visible(text, terminal.style), terminal.style)}`
  }
  return {
    wantsInstances: false,
    show: ({ view }) => {
      // Where it was over already, what led there is told first.
      if (view.outcome === undefined || !hasEnded || isTold) return
      isTold = true
      terminal.out(endLine(view.outcome, view, terminal, now()))
    },
    tell: (told) => {
      if (told.event === 'end') hasEnded = true
      const line = told.event === 'entry' ? lineOf(told.data) : undefined
      if (line !== undefined) terminal.out(line)
    },
    connection: (state) => terminal.err(connectionText(state)),
    leave: () => undefined,
  }
}

function endLine(
  outcome: RolloutOutcome,
  { finishedAt, from, to, failure }: RolloutView,
  { style }: Terminal,
  now: number,
): string {
  const serves = outcome === 'promoted' ? to.id : from?.id
  const end =
    outcome === 'failed-safe'
      ? `${outcome}: routes stay as they are, nothing was stopped; decide what is to be done`
      : `${outcome}: ${serves ?? 'nothing'} serves`
  const why = failure ? ` (${failure.code}: ${failure.reason})` : ''
  const mark = outcome === 'promoted' ? 'done' : 'failed'
  return `${timeOfDay(finishedAt ?? now)}  ${marked(mark, visible(`${end}${why}`, style), style)}`
}

/** Programs get one document at the end; who looks over their shoulder hears of a lost agent. */
function silent({ terminal }: Shell): Audience {
  return {
    wantsInstances: false,
    show: () => undefined,
    tell: () => undefined,
    connection: (state) => terminal.err(connectionText(state)),
    leave: () => undefined,
  }
}

function connectionText(state: 'lost' | 'back'): string {
  return state === 'lost' ? 'The agent does not answer; looking for it.' : 'The agent is back.'
}
