import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { ActorView, ServiceView } from '../src/api/index.ts'
import type { Client } from './api/client.ts'
import type { Screen } from './state/location.ts'

/** What every part of the page may need. */
export interface App {
  readonly client: Client
  readonly actor: ActorView
  /** The services as they were last told, for whoever comes back to their screen. */
  readonly lastServices: { current: readonly ServiceView[] | undefined }
  readonly go: (screen: Screen) => void
}

export const AppContext = createContext<App | undefined>(undefined)

export function useApp(): App {
  const app = useContext(AppContext)
  if (app === undefined)
    throw new Error('This part of the page is shown to those who are signed in.')
  return app
}
