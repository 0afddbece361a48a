import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'

/** Decides who may read metrics; false answers 401. What it throws is answered with 403. */
export type MetricsDoor = (request: IncomingMessage) => boolean

/** Answers `GET /metrics` for Prometheus, and leaves everything else to `next`. */
export function withMetrics(
  registry: Registry,
  isAllowed: MetricsDoor,
  next: RequestListener,
): RequestListener {
  return (request, response) => {
    const [path] = (request.url ?? '').split('?')
    if (path !== '/metrics' || request.method !== 'GET') return next(request, response)
    const status = statusFor(request, isAllowed)
    if (status !== 200) return void response.writeHead(status).end()
    void sendMetrics(registry, response)
  }
}

function statusFor(request: IncomingMessage, isAllowed: MetricsDoor): number {
  try {
    return isAllowed(request) ? 200 : 401
  } catch {
    return 403
  }
}

async function sendMetrics(registry: Registry, response: ServerResponse): Promise<void> {
  try {
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' })
    response.end(text)
  } catch {
    response.destroy()
  }
}
