import type { ServerResponse } from 'node:http'
import type { Router } from '@changeover/engine'
import type { Logger } from 'pino'
import type { Actor } from '../access/access.ts'
import type { ServiceView } from '../api/index.ts'
import type { FourEyes } from '../views/rollout-view.ts'
import type { JournalSource } from './follow-journal.ts'
import { createLiveRollouts } from './live-rollouts.ts'
import { openServiceFeed } from './service-feed.ts'
import { createStreams, type StreamsOptions } from './streams.ts'
import type { Watcher } from './watcher.ts'

/** Who watches. The owner, on the agent's own socket, finds room however many others watch. */
type Watching = Pick<Actor, 'via'>

/** Everybody who watches. */
export interface Hub {
  /**
   * Answers with the events of a rollout behind entry `after`.
   *
   * @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN`, `CHANGEOVER_CONSOLE_WATCHERS`
   */
  watchRollout(response: ServerResponse, id: string, after: number, who: Watching): Promise<void>
  /** Answers with all services, at once and after each change. @throws ConsoleError `CHANGEOVER_CONSOLE_WATCHERS` */
  watchServices(response: ServerResponse, who: Watching): void
  /** Ends every stream. */
  close(): Promise<void>
}

export interface HubOptions extends Omit<StreamsOptions, 'now'> {
  readonly source: JournalSource
  readonly router: Router | undefined
  readonly services: () => Promise<readonly ServiceView[]>
  readonly logger: Logger
  readonly fourEyes: FourEyes
}

const now = (): number => Date.now()

export function createHub(options: HubOptions): Hub {
  const { source, router, services, logger, fourEyes } = options
  const streams = createStreams({ ...options, now })
  const rollouts = createLiveRollouts({ source, router, logger, fourEyes, now })
  const feed = openServiceFeed({ store: source.store, services, logger })

  const assertRoom = ({ via }: Watching): void => {
    if (via !== 'socket') streams.assertRoom()
  }

  async function watchRollout(
    response: ServerResponse,
    id: string,
    after: number,
    who: Watching,
  ): Promise<void> {
    assertRoom(who)
    let watcher: Watcher | undefined
    const { live, leave } = rollouts.use(id)
    try {
      await live.opened
      assertRoom(who)
    } catch (error) {
      leave()
      throw error
    }
    // Whoever asked may have gone meanwhile; then nothing would tell us later.
    if (response.destroyed) return leave()
    const stream = streams.open(response, {
      onDrain: () => watcher?.pump(),
      onClose() {
        if (watcher) live.leave(watcher)
        leave()
      },
    })
    watcher = live.join(stream, after)
  }

  function watchServices(response: ServerResponse, who: Watching): void {
    assertRoom(who)
    if (response.destroyed) return
    const stream = streams.open(response, {
      onDrain: () => reader.pump(),
      onClose: () => reader.leave(),
    })
    const reader = feed.join(stream)
  }

  async function close(): Promise<void> {
    await streams.close()
    feed.close()
  }

  return { watchRollout, watchServices, close }
}
