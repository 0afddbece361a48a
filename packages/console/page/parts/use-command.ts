import type { CommandName } from '@changeover/engine'
import { useCallback, useRef, useState } from 'preact/hooks'
import { paths, type RolloutView } from '../../src/api/index.ts'
import { commandId } from '../api/client.ts'
import type { PageError } from '../api/page-error.ts'
import { useApp } from '../app-context.ts'
import { commandOf } from '../state/command.ts'

export interface SentCommand {
  /** @returns whether the server took it */
  readonly send: (command: CommandName, reason?: string) => Promise<boolean>
  readonly busy: boolean
  readonly error: PageError | undefined
}

/** Sends commands for what is seen now: where the rollout is elsewhere by then, the server refuses them as stale. */
export function useCommand(view: RolloutView): SentCommand {
  const { client } = useApp()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<PageError>()
  const seen = useRef(view)
  seen.current = view

  const send = useCallback(
    async (command: CommandName, reason?: string) => {
      setBusy(true)
      const body = commandOf(seen.current, command, commandId(), reason)
      const result = await client.post(paths.command(seen.current.id, command), body)
      setBusy(false)
      setError(result.ok ? undefined : result.error)
      return result.ok
    },
    [client],
  )
  return { send, busy, error }
}
