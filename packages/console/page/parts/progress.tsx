import type { JSX } from 'preact'

/** How many steps are done. */
export function Progress({
  done,
  all,
}: {
  readonly done: number
  readonly all: number
}): JSX.Element {
  return <progress max={Math.max(1, all)} value={done} aria-label="Steps done" />
}
