import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { onAbort } from '@changeover/engine'
import { MARK_HEADER } from './caddy-config.ts'
import type { ServiceSettings } from './options.ts'

const CONNECTIONS = 3
const PATIENCE_MS = 3_000

/** The marks that clients are answered with on new connections; undefined where the service has no url. */
export async function clientMarks(
  { id, url, host }: Pick<ServiceSettings, 'id' | 'url' | 'host'>,
  signal: AbortSignal,
): Promise<readonly (string | undefined)[] | undefined> {
  if (!url) return undefined
  const marks: (string | undefined)[] = []
  for (let i = 0; i < CONNECTIONS; i += 1) marks.push(await ask(url, id, host, signal))
  return marks
}

function ask(
  url: URL,
  id: string,
  host: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const secure = url.protocol === 'https:'
    const headers = { [MARK_HEADER]: id, ...(host === undefined ? {} : { host }) }
    const name = secure && host !== undefined ? { servername: host.replace(/:\d+$/, '') } : {}
    const options = { method: 'HEAD', agent: false, headers, ...name } as const
    const sent = secure ? httpsRequest(url, options) : httpRequest(url, options)
    const settle = (mark: string | undefined): void => {
      clearTimeout(timer)
      forget()
      resolve(mark)
      sent.destroy()
    }
    const stop = (): void => settle(undefined)
    const timer = setTimeout(stop, PATIENCE_MS)
    const forget = onAbort(signal, stop)
    sent.on('error', stop)
    sent.on('response', ({ headers: answered }) => {
      const mark = answered[MARK_HEADER.toLowerCase()]
      settle(typeof mark === 'string' ? mark : undefined)
    })
    sent.end()
  })
}
