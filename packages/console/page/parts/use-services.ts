import { useEffect, useState } from 'preact/hooks'
import { paths, type ServiceView } from '../../src/api/index.ts'
import { followStream, type StreamState } from '../api/stream.ts'
import { useApp } from '../app-context.ts'

export interface Services {
  readonly services: readonly ServiceView[] | undefined
  readonly stream: StreamState
}

interface ServicesEvent {
  readonly type: 'services'
  readonly data: readonly ServiceView[]
}

/** All services, as they change; at first as they were when the page was sent. */
export function useServices(): Services {
  const { client, lastServices } = useApp()
  const [services, setServices] = useState(lastServices.current)
  const [stream, setStream] = useState<StreamState>('connecting')

  useEffect(
    () =>
      followStream<ServicesEvent>({
        url: () => `${client.basePath}${paths.events}`,
        types: ['services'],
        onEvents: (events) => {
          lastServices.current = events.at(-1)?.data
          setServices(lastServices.current)
        },
        onState: setStream,
        onRefused: async () => {
          const result = await client.get(paths.me)
          return result.ok || result.error.status !== 401
        },
      }),
    [client, lastServices],
  )
  return { services, stream }
}
