import { request } from 'node:http'
import { expect, vi } from 'vitest'
import type { RolloutSummaryView, ServiceView } from '@changeover/console/api'

export interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** Asks an agent over its socket. */
export function callSocket(
  socketPath: string,
  method: string,
  path: string,
  body?: object,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = request({ socketPath, method, path: `/api/v1${path}`, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(text) as Record<string, unknown>,
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

export async function serviceOf(socket: string, name: string): Promise<ServiceView> {
  const { body } = await callSocket(socket, 'GET', `/services/${name}`)
  return body as unknown as ServiceView
}

/** The last rollout, once none is under way. */
export function deployed(socket: string, name: string): Promise<RolloutSummaryView> {
  return vi.waitFor(
    async () => {
      const { last, rollout } = await serviceOf(socket, name)
      expect(rollout).toBeUndefined()
      expect(last).toBeDefined()
      return last as RolloutSummaryView
    },
    { timeout: 60_000, interval: 50 },
  )
}
