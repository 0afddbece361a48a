import type { JSX } from 'preact'
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type ActorView, paths } from '../src/api/index.ts'
import { createClient } from './api/client.ts'
import { createSessionHint } from './api/session-hint.ts'
import { type App as AppValue, AppContext } from './app-context.ts'
import { Frame } from './parts/frame.tsx'
import { AuditScreen } from './screens/audit-screen.tsx'
import { RolloutScreen } from './screens/rollout-screen.tsx'
import { ServiceScreen } from './screens/service-screen.tsx'
import { ServicesScreen } from './screens/services-screen.tsx'
import { SignInScreen } from './screens/sign-in-screen.tsx'
import { UnknownScreen } from './screens/unknown-screen.tsx'
import type { Initial } from './state/initial.ts'
import { pathOf, type Screen, screenAt } from './state/location.ts'

export function App({ initial }: { readonly initial: Initial }): JSX.Element {
  const [actor, setActor] = useState<ActorView | undefined>(initial.actor)
  const [wasSignedIn, setWasSignedIn] = useState(false)
  const { screen, go } = useScreen(initial.basePath)
  const actorRef = useRef(actor)
  actorRef.current = actor

  const client = useMemo(
    () =>
      createClient({
        basePath: initial.basePath,
        csrf: () => actorRef.current?.csrf,
        onSignedOut: () => {
          if (actorRef.current) setWasSignedIn(true)
          setActor(undefined)
        },
      }),
    [initial],
  )
  const hint = useMemo(() => createSessionHint(initial.basePath), [initial])
  useEffect(() => {
    if (actor) hint.set(true)
  }, [actor, hint])
  const lastServices = useRef(initial.services)
  const value = useMemo<AppValue | undefined>(
    () => (actor ? { client, actor, lastServices, go } : undefined),
    [client, actor, go],
  )
  const signOut = useCallback(async () => {
    await client.delete(paths.session)
    hint.set(false)
    setWasSignedIn(false)
    setActor(undefined)
  }, [client, hint])

  if (value === undefined)
    return <SignInScreen client={client} expired={wasSignedIn} hint={hint} onSignedIn={setActor} />
  return (
    <AppContext.Provider value={value}>
      <Frame screen={screen} onSignOut={() => void signOut()}>
        <Shown screen={screen} />
      </Frame>
    </AppContext.Provider>
  )
}

/** A key for each service and rollout: nothing of one shows at the other. */
function Shown({ screen }: { readonly screen: Screen }): JSX.Element {
  switch (screen.screen) {
    case 'services':
      return <ServicesScreen />
    case 'service':
      return <ServiceScreen key={screen.service} name={screen.service} />
    case 'rollout':
      return <RolloutScreen key={screen.id} id={screen.id} />
    case 'audit':
      return <AuditScreen />
    case 'unknown':
      return <UnknownScreen path={screen.path} />
  }
}

function useScreen(basePath: string): { screen: Screen; go: (screen: Screen) => void } {
  const [screen, setScreen] = useState(() => screenAt(location.pathname, basePath))

  useEffect(() => {
    const onBack = (): void => setScreen(screenAt(location.pathname, basePath))
    addEventListener('popstate', onBack)
    return () => removeEventListener('popstate', onBack)
  }, [basePath])

  const go = useCallback(
    (next: Screen) => {
      history.pushState(undefined, '', `${basePath}${pathOf(next)}`)
      setScreen(next)
      scrollTo(0, 0)
    },
    [basePath],
  )
  return { screen, go }
}
