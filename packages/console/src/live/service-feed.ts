import type { Store, Unsubscribe } from '@changeover/engine'
import type { Logger } from 'pino'
import type { ServiceView } from '../api/index.ts'
import { onChange } from './changes.ts'
import type { EventStream } from './event-stream.ts'
import { eventFrame } from './sse-frame.ts'

/** All services, told to everybody who watches them. Looks at nothing while nobody does. */
export interface ServiceFeed {
  join(stream: EventStream): { readonly pump: () => void; readonly leave: () => void }
  close(): void
}

export interface ServiceFeedOptions {
  readonly store: Store
  readonly services: () => Promise<readonly ServiceView[]>
  readonly logger: Logger
}

/** Least time between two looks, in milliseconds. */
const EVERY_MS = 250

interface Reader {
  readonly stream: EventStream
  told: Buffer | undefined
}

export function openServiceFeed({ store, services, logger }: ServiceFeedOptions): ServiceFeed {
  const readers = new Set<Reader>()
  let newest: Buffer | undefined
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let again = false
  let stop: Unsubscribe | undefined

  const pump = (reader: Reader): void => {
    if (!newest || reader.told === newest || !reader.stream.writable()) return
    reader.told = newest
    reader.stream.write(newest)
  }

  function look(): void {
    timer = undefined
    if (readers.size === 0) return
    looking = true
    services()
      .then((views) => {
        const frame = eventFrame('services', views)
        if (!newest || !frame.equals(newest)) newest = frame
        for (const reader of readers) pump(reader)
      })
      .catch((error: unknown) => logger.warn({ err: error }, 'the services could not be listed'))
      .finally(() => {
        looking = false
        if (again) soon(EVERY_MS)
      })
  }

  /** A change during a look may have come too late for it: then there is another one. */
  function soon(ms: number): void {
    again = looking
    if (!looking && readers.size > 0) timer ??= setTimeout(look, ms)
  }

  function rest(): void {
    clearTimeout(timer)
    timer = undefined
    again = false
    stop?.()
    stop = undefined
    newest = undefined
  }

  return {
    join(stream) {
      const reader: Reader = { stream, told: undefined }
      readers.add(reader)
      stop ??= onChange(store, () => soon(EVERY_MS))
      // What is known may be a little old; it is told at once all the same, and looked at again.
      pump(reader)
      soon(0)
      return {
        pump: () => pump(reader),
        leave() {
          readers.delete(reader)
          if (readers.size === 0) rest()
        },
      }
    },
    close: rest,
  }
}
