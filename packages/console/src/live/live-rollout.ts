import type { Entry, JudgeLook, Router } from '@changeover/engine'
import type { Logger } from 'pino'
import { cut, entryView } from '../views/entry-view.ts'
import { type FourEyes, rolloutView } from '../views/rollout-view.ts'
import { type Story, tell } from '../views/story.ts'
import { type Audience, createAudience } from './audience.ts'
import { followJournal, type JournalSource } from './follow-journal.ts'
import { commentFrame, eventFrame } from './sse-frame.ts'
import { watchTraffic } from './traffic-watch.ts'

/** A rollout that somebody watches: read and folded once for all of them. */
export interface LiveRollout extends Pick<Audience, 'join' | 'leave'> {
  /** Resolves when there is something to send. @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN` */
  readonly opened: Promise<void>
  /** What a judge of this rollout has seen. */
  look(look: JudgeLook): void
  close(): void
}

export interface LiveOptions {
  readonly source: JournalSource
  readonly router: Router | undefined
  readonly logger: Logger
  readonly fourEyes: FourEyes
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** The journal could not be read on: this one tells nothing more, and whoever comes now needs another one. */
  readonly onFailure: () => void
}

/** Least time between two views, in milliseconds. */
const VIEW_EVERY_MS = 100

export function openLiveRollout(id: string, options: LiveOptions): LiveRollout {
  const { source, logger, fourEyes, now, onFailure } = options
  const closed = new AbortController()
  const audience = createAudience()
  let story: Story | undefined
  const views = viewClock(now, () => {
    if (!story) return
    audience.tell('view', 'view', rolloutView(story, fourEyes), story.state.lastEntry.seq)
  })

  async function follow(onFirst: () => void): Promise<void> {
    for await (const entry of followJournal(source, id, closed.signal)) {
      story = tell(story, entry)
      audience.entry(frameOf(entry))
      views.soon()
      onFirst()
    }
    const outcome = story?.state.outcome
    if (closed.signal.aborted || outcome === undefined) return
    views.now()
    audience.end(eventFrame('end', { outcome }))
    closed.abort()
  }

  const opened = new Promise<void>((resolve, reject) => {
    follow(resolve).catch((error: unknown) => {
      reject(error)
      if (closed.signal.aborted) return
      logger.warn({ err: error, rollout: id }, 'the journal could not be followed')
      closed.abort()
      // Whoever watches gets what there is, comes back, and asks again.
      audience.end(commentFrame('the journal could not be read on'))
      onFailure()
    })
  })
  // Whoever asks for it is told; a failure later on ends the streams.
  opened.catch(() => undefined)
  const service = (): string | undefined => story?.state.plan.service
  watchTraffic(options, service, closed.signal, (traffic) =>
    audience.tell('traffic', 'traffic', traffic, -1),
  )
  return {
    opened,
    join: (stream, after) => audience.join(stream, after),
    leave: (watcher) => audience.leave(watcher),
    look: (look) => audience.tell(`look ${look.gate}`, 'look', bounded(look), -1),
    close() {
      closed.abort()
      views.close()
      audience.close()
    },
  }
}

interface ViewClock {
  soon(): void
  now(): void
  close(): void
}

/** Makes views at once where the last one is old enough, and as soon as it is where not. */
function viewClock(now: () => number, make: () => void): ViewClock {
  let timer: NodeJS.Timeout | undefined
  let madeAt = 0
  const close = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  const makeNow = (): void => {
    close()
    madeAt = now()
    make()
  }
  return {
    soon() {
      const waitMs = Math.min(VIEW_EVERY_MS, Math.max(0, madeAt + VIEW_EVERY_MS - now()))
      timer ??= setTimeout(makeNow, waitMs)
    },
    now: makeNow,
    close,
  }
}

function frameOf(entry: Entry): Buffer {
  return eventFrame('entry', entryView(entry), entry.seq)
}

function bounded(look: JudgeLook): JudgeLook {
  const indicators = look.indicators.map((one) => ({ ...one, reason: cut(one.reason) }))
  return { ...look, indicators }
}
