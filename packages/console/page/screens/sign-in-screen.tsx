import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type ActorView, paths } from '../../src/api/index.ts'
import type { Client } from '../api/client.ts'
import type { PageError } from '../api/page-error.ts'
import type { SessionHint } from '../api/session-hint.ts'
import { Mark } from '../parts/frame.tsx'
import { Problem } from '../parts/problem.tsx'
import { useTitle } from '../parts/use-title.ts'

export interface SignInProps {
  readonly client: Client
  /** Whether somebody was signed in a moment ago. */
  readonly expired: boolean
  readonly hint: SessionHint
  readonly onSignedIn: (actor: ActorView) => void
}

/** Trades a token for a session. The token is kept nowhere in the page. */
export function SignInScreen({ client, expired, hint, onSignedIn }: SignInProps): JSX.Element {
  const [token, setToken] = useState('')
  const [error, setError] = useState<PageError>()
  const [busy, setBusy] = useState(false)

  useTitle('Sign in')
  // A link on another site leads here without the session's cookie; what this page asks for has it again.
  useEffect(() => {
    if (expired || !hint.isSet()) return
    void client.get<ActorView>(paths.me).then((me) => {
      if (me.ok) onSignedIn(me.answer)
    })
  }, [client, expired, hint, onSignedIn])

  const signIn = async (): Promise<void> => {
    setBusy(true)
    const sent = await client.post(paths.session, { token: token.trim() })
    const me = sent.ok ? await client.get<ActorView>(paths.me) : sent
    setBusy(false)
    if (me.ok) onSignedIn(me.answer)
    else setError(me.error)
  }

  return (
    <main id="main" class="sign-in">
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault()
          void signIn()
        }}
      >
        <h1>
          <Mark /> Changeover
        </h1>
        {expired && (
          <p role="status">Your session is over. Sign in again to go on where you were.</p>
        )}
        <label for="token">Access token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <p class="faint">
          Your operator gives you one: <code>changeover token create NAME --role approver</code>
        </p>
        <Problem error={error} />
        <button type="submit" class="primary" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  )
}
