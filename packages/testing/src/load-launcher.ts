import type { ClientRequest } from 'node:http'
import { loadConnections } from './load-connections.ts'
import { startExchange, type ExchangeEnd } from './http-exchange.ts'
import type { LoadSettings } from './load-options.ts'
import { wireRequest } from './load-request.ts'
import { requestId } from './load-schedule.ts'

/** Turns numbers into requests on connections. */
export interface LoadLauncher {
  /**
   * Sends request `n`, once.
   * @throws whatever a hook throws, or what `node:http` throws for a request it cannot write
   */
  launch(n: number, end: ExchangeEnd): ClientRequest
  /** Ends the connections, idle ones too; resolves when they are closed. */
  close(): Promise<void>
}

/** Creates the sending side of one run. */
export function loadLauncher(settings: LoadSettings, runId: string): LoadLauncher {
  const connections = loadConnections(settings.connections)
  const currentUrl = cachedUrl(settings.url)
  const { postShare, request } = settings
  return {
    launch(n, end) {
      const wire = wireRequest({ n, id: requestId(runId, n), postShare, override: request(n) })
      return startExchange({ agent: connections.agent, url: currentUrl(), wire }, end)
    },
    close: () => connections.close(),
  }
}

function cachedUrl(read: () => string): () => URL {
  let text: string | undefined
  let url: URL | undefined
  return () => {
    const current = read()
    if (url && current === text) return url
    url = new URL(current)
    text = current
    return url
  }
}
