import { type Entry, foldJournal, type Rollout } from '@changeover/engine'
import type { LoadReport, OpenLoopLoad } from '@changeover/testing'
import type { Screen } from './screen.ts'
import { SERVICE, type Stage } from './stage.ts'
import { tell } from './telling.ts'
import type { LoadPace, Scene } from './view.ts'

const FRAME_EVERY_MS = 200

/** Keeps the screen up to date with what the engine, the router and the load say. */
export interface Show {
  /** Shows a rollout from its first entry on; resolves when there are no more. */
  follow(rollout: Rollout): Promise<void>
  /** Shows a load from now on. */
  watch(load: Pick<OpenLoopLoad, 'snapshot'>): void
  /** Adds a line that stays. */
  note(line: string): void
  /** Draws the last picture. */
  close(): Promise<void>
}

/** Opens the show; it draws until it is closed. */
export function openShow(stage: Stage, screen: Screen): Show {
  const startedAt = performance.now()
  const past: string[] = []
  let entries: Entry[] = []
  let load: Pick<OpenLoopLoad, 'snapshot'> | undefined
  let pace: LoadPace | undefined
  let drawing: Promise<void> = Promise.resolve()

  const picture = async (): Promise<Scene> => {
    pace = load && nextPace(pace, load.snapshot())
    const [{ table }, traffic] = await Promise.all([
      stage.router.observe(SERVICE),
      stage.router.traffic(SERVICE),
    ])
    return {
      url: stage.url,
      elapsedMs: performance.now() - startedAt,
      rollout: entries.length > 0 ? foldJournal(entries) : undefined,
      pools: table?.pools ?? [],
      traffic,
      load: pace,
      past,
    }
  }
  const draw = (): void => {
    drawing = picture()
      .then((scene) => screen.draw(scene))
      .catch(() => {})
  }
  const timer = setInterval(draw, FRAME_EVERY_MS)
  screen.say(`try: curl ${stage.url}`)
  return {
    async follow(rollout) {
      entries = []
      const mine = entries
      for await (const entry of rollout.events()) {
        mine.push(entry)
        const line = tell(entry)
        if (line !== undefined) screen.say(line)
      }
    },
    watch: (started) => (load = started),
    note(line) {
      past.push(line)
      screen.say(line)
    },
    async close() {
      clearInterval(timer)
      draw()
      await drawing
      screen.close()
    },
  }
}

/** The rate since the last look. */
function nextPace(last: LoadPace | undefined, report: LoadReport): LoadPace {
  const before = last?.report ?? { sent: 0, elapsedMs: 0 }
  const seconds = Math.max(0.001, (report.elapsedMs - before.elapsedMs) / 1000)
  return { report, perSecond: (report.sent - before.sent) / seconds }
}
