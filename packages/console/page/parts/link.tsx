import type { ComponentChildren, JSX } from 'preact'
import { useApp } from '../app-context.ts'
import { pathOf, type Screen } from '../state/location.ts'

export interface LinkProps {
  readonly to: Screen
  readonly class?: string
  readonly current?: boolean
  readonly children: ComponentChildren
}

/** A real link, so that it opens in a new tab, is copied and is announced as one. */
export function Link({ to, current, children, class: className }: LinkProps): JSX.Element {
  const { client, go } = useApp()
  const onClick = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return
    event.preventDefault()
    go(to)
  }
  return (
    <a
      href={`${client.basePath}${pathOf(to)}`}
      class={className}
      aria-current={current ? 'page' : undefined}
      onClick={onClick}
    >
      {children}
    </a>
  )
}
