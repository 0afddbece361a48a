import { useEffect, useState } from 'preact/hooks'
import { paths, type RolloutView } from '../../src/api/index.ts'
import type { PageError } from '../api/page-error.ts'
import { followStream, type StreamState } from '../api/stream.ts'
import { useApp } from '../app-context.ts'
import {
  foldRollout,
  lastSeq,
  type RolloutEvent,
  type RolloutState,
  unknownRollout,
} from '../state/rollout.ts'

export interface FollowedRollout {
  readonly state: RolloutState
  readonly stream: StreamState
  /** Why nothing is known of it. */
  readonly error: PageError | undefined
}

const types = ['entry', 'view', 'traffic', 'look', 'end']

/** A rollout as it goes on. */
export function useRollout(id: string): FollowedRollout {
  const { client } = useApp()
  const [state, setState] = useState(unknownRollout)
  const [stream, setStream] = useState<StreamState>('connecting')
  const [error, setError] = useState<PageError>()

  useEffect(() => {
    let known = unknownRollout
    const add = (events: readonly RolloutEvent[]): void => {
      known = foldRollout(known, events)
      setState(known)
    }
    const ask = async (): Promise<boolean> => {
      const result = await client.get<RolloutView>(paths.rollout(id))
      if (result.ok) add([{ type: 'view', data: result.answer }])
      setError(result.ok || known.view ? undefined : result.error)
      return result.ok || (result.error.status !== 404 && result.error.status !== 401)
    }
    void ask()
    return followStream<RolloutEvent>({
      url: () => {
        const after = lastSeq(known)
        const query = after === undefined ? '' : `?after=${after}`
        return `${client.basePath}${paths.rolloutEvents(id)}${query}`
      },
      types,
      onEvents: add,
      onState: setStream,
      onRefused: ask,
    })
  }, [client, id])

  return { state, stream, error }
}
