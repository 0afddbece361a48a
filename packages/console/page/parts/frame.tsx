import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useApp } from '../app-context.ts'
import type { Screen } from '../state/location.ts'
import { Link } from './link.tsx'

export interface FrameProps {
  readonly screen: Screen
  readonly onSignOut: () => void
  readonly children: ComponentChildren
}

/** What surrounds every screen: where one may go, and who one is. */
export function Frame({ screen, onSignOut, children }: FrameProps): JSX.Element {
  const { actor } = useApp()
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  const key = JSON.stringify(screen)

  // Whoever goes on by keyboard, or listens, begins at the top of the new screen.
  useEffect(() => {
    if (!first.current) main.current?.focus()
    first.current = false
  }, [key])

  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <Link class="brand" to={{ screen: 'services' }}>
          <Mark />
          Changeover
        </Link>
        <nav aria-label="Console">
          <Link to={{ screen: 'services' }} current={screen.screen === 'services'}>
            Services
          </Link>
          <Link to={{ screen: 'audit' }} current={screen.screen === 'audit'}>
            Audit log
          </Link>
        </nav>
        <div class="who">
          <span>
            {actor.name} <span class="role">{actor.role}</span>
          </span>
          {actor.via === 'session' && (
            <button type="button" class="quiet" onClick={onSignOut}>
              Sign out
            </button>
          )}
        </div>
      </header>
      <main id="main" tabIndex={-1} ref={main}>
        {children}
      </main>
    </>
  )
}

/** Two lines that change places. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
      <rect width="16" height="16" rx="3.5" />
      <path d="M3 5h4l3 6h3M3 11h4l3-6h3" />
    </svg>
  )
}
