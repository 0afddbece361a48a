import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useApp } from '../app-context.ts'
import { agoText, durationText, leftText } from '../state/time-text.ts'

/** The server's time, again every second. */
export function useNow(): number {
  const { clock } = useApp().client
  const [now, setNow] = useState(() => clock.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(clock.now()), 1000)
    return () => clearInterval(timer)
  }, [clock])
  return now
}

/** How long ago, and when exactly for whoever points at it. */
export function Ago({ at }: { readonly at: number }): JSX.Element {
  const now = useNow()
  const when = new Date(at)
  return (
    <time dateTime={when.toISOString()} title={when.toLocaleString()}>
      {agoText(at, now)}
    </time>
  )
}

/** When, to the second. */
export function At({ at }: { readonly at: number }): JSX.Element {
  const when = new Date(at)
  return (
    <time dateTime={when.toISOString()} title={when.toLocaleString()}>
      {when.toLocaleTimeString('en-GB')}
    </time>
  )
}

/** What is left, counting down. */
export function Left({ endsAt }: { readonly endsAt: number }): JSX.Element {
  const now = useNow()
  return <span class="left">{leftText(endsAt, now)}</span>
}

/** From then to then, or to now. */
export function Lasting({
  from,
  to,
}: {
  readonly from: number
  readonly to: number | undefined
}): JSX.Element {
  const now = useNow()
  return <span>{durationText((to ?? now) - from)}</span>
}
