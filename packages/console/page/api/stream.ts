/** How a stream of events stands. */
export type StreamState = 'connecting' | 'live' | 'reconnecting' | 'ended'

export interface StreamOptions<Event> {
  /** Asked for each new connection: where to go on. */
  readonly url: () => string
  readonly types: readonly string[]
  /** What came since the last call, in order; called at most once for each frame that is painted. */
  readonly onEvents: (events: readonly Event[]) => void
  readonly onState: (state: StreamState) => void
  /** The server refused the stream, rather than being away; whether to try again. */
  readonly onRefused: () => Promise<boolean>
}

const firstDelayMs = 500
const longestDelayMs = 8000

/** Follows server-sent events until it is closed, or `end` came. */
export function followStream<Event>(options: StreamOptions<Event>): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let delayMs = firstDelayMs
  let closed = false
  const batch = createBatch(options.onEvents)

  const close = (): void => {
    closed = true
    clearTimeout(timer)
    source?.close()
    batch.close()
  }

  const open = (): void => {
    const current = new EventSource(options.url())
    source = current
    current.addEventListener('open', () => {
      delayMs = firstDelayMs
      options.onState('live')
    })
    current.addEventListener('error', () => {
      options.onState('reconnecting')
      // Where the connection was lost, it comes back by itself, with the number of the last entry that it got.
      if (current.readyState === EventSource.CLOSED) void refused()
    })
    for (const type of options.types) {
      current.addEventListener(type, (event: MessageEvent<string>) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server sends what its API says
        batch.add({ type, data: JSON.parse(event.data) } as Event)
        if (type === 'end') finish()
      })
    }
  }

  const finish = (): void => {
    batch.flush()
    close()
    options.onState('ended')
  }

  const refused = async (): Promise<void> => {
    const again = await options.onRefused()
    if (closed || !again) return
    timer = setTimeout(open, delayMs)
    delayMs = Math.min(longestDelayMs, delayMs * 2)
  }

  options.onState('connecting')
  open()
  return close
}

interface Batch<Event> {
  add(event: Event): void
  flush(): void
  close(): void
}

/** Thousands of entries come at once when a page is opened: they are one change of the page, not thousands. */
function createBatch<Event>(onEvents: (events: readonly Event[]) => void): Batch<Event> {
  let events: Event[] = []
  let scheduled: ReturnType<typeof setTimeout> | undefined

  const flush = (): void => {
    clearTimeout(scheduled)
    scheduled = undefined
    const ready = events
    events = []
    if (ready.length > 0) onEvents(ready)
  }

  return {
    add: (event) => {
      events.push(event)
      // Not requestAnimationFrame: that waits for ever while the tab is hidden.
      scheduled ??= setTimeout(flush, 30)
    },
    flush,
    close: () => clearTimeout(scheduled),
  }
}
