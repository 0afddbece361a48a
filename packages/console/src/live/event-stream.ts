import type { ServerResponse } from 'node:http'
import { RETRY_FRAME } from './sse-frame.ts'

/** An open answer of server-sent events. Holds what the connection takes and no more: who writes waits for `onDrain`. */
export interface EventStream {
  /** Whether it takes more now. */
  writable(): boolean
  write(frame: Buffer): void
  /** Since when it has taken nothing, in milliseconds since the epoch; undefined where it is not blocked. */
  blockedSince(): number | undefined
  /** Ends it behind everything written. */
  end(frame?: Buffer): void
  /** Ends it at once: what was not taken yet is dropped. */
  cut(): void
}

export interface StreamListeners {
  /** It takes more again. */
  readonly onDrain: () => void
  /** It is gone, whoever ended it. Called once. */
  readonly onClose: () => void
}

/** Begins the answer. */
export function openEventStream(
  response: ServerResponse,
  { onDrain, onClose }: StreamListeners,
  now: () => number,
): EventStream {
  let blocked: number | undefined
  let open = true
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    // nginx would hold events back until its buffer is full.
    'x-accel-buffering': 'no',
  })
  const write = (frame: Buffer): void => {
    if (open && !response.write(frame)) blocked ??= now()
  }
  response.on('drain', () => {
    blocked = undefined
    if (open) onDrain()
  })
  response.once('close', () => {
    open = false
    onClose()
  })
  // A broken connection is told by 'close'.
  response.on('error', () => undefined)
  write(RETRY_FRAME)
  return {
    writable: () => open && blocked === undefined,
    write,
    blockedSince: () => blocked,
    end(frame) {
      if (!open) return
      open = false
      response.end(frame)
    },
    cut: () => response.destroy(),
  }
}
