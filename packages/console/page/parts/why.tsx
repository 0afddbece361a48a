import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

/** A button that may not be pressed, with the reason for those who point at it and those who listen. */
export function Why({
  refusal,
  children,
}: {
  readonly refusal: string | undefined
  readonly children: ComponentChildren
}): JSX.Element {
  const id = useId()
  if (refusal === undefined) return <>{children}</>
  return (
    <span class="why" title={refusal} role="group" aria-describedby={id}>
      {children}
      <span id={id} class="unseen">
        {refusal}
      </span>
    </span>
  )
}
