import type { JSX } from 'preact'
import type { RolloutStatus } from '../../src/api/index.ts'
import { statusText, type Tone } from '../state/status.ts'

/** A word with a colour; the word alone says it too. */
export function Badge({
  tone,
  children,
}: {
  readonly tone: Tone
  readonly children: string
}): JSX.Element {
  return <span class={`badge ${tone}`}>{children}</span>
}

export function StatusBadge({ status }: { readonly status: RolloutStatus }): JSX.Element {
  const { text, tone } = statusText(status)
  return <Badge tone={tone}>{text}</Badge>
}
