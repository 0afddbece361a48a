import type { JSX } from 'preact'
import type { StreamState } from '../api/stream.ts'

const texts: Readonly<Record<StreamState, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  reconnecting: 'Reconnecting…',
  ended: 'Ended',
}

/** Whether what is shown is what is. */
export function StreamBadge({ stream }: { readonly stream: StreamState }): JSX.Element {
  return (
    <span class={`stream ${stream}`} role="status">
      {texts[stream]}
    </span>
  )
}
