import type { ServerResponse } from 'node:http'

/**
 * Decides, at the moment when a response's head is written and not before, whether it says `Connection: close`. Every head
 * passes `writeHead`, also the implicit one of `write` and `end`.
 *
 * A `Connection: keep-alive` that the application set itself, as reverse proxies do, is overruled.
 */
export function decideClose(
  response: ServerResponse,
  {
    shouldClose,
    onClose,
    onHead,
  }: { shouldClose: () => boolean; onClose: () => void; onHead: () => void },
): void {
  const writeHead = response.writeHead.bind(response)
  response.writeHead = function writeDecidedHead(...args: unknown[]): ServerResponse {
    const close = !response.headersSent && shouldClose()
    if (close) prepareClose(response)
    const given = close ? args.map(withoutKeepAlive) : args
    Reflect.apply(writeHead, response, given)
    if (close) onClose()
    onHead()
    return response
  }
}

function prepareClose(response: ServerResponse): void {
  response.shouldKeepAlive = false
  if (response.hasHeader('connection')) response.setHeader('connection', 'close')
  response.removeHeader('keep-alive')
}

function withoutKeepAlive(arg: unknown): unknown {
  if (Array.isArray(arg)) return withoutKeepAliveList(arg)
  if (typeof arg !== 'object' || arg === null) return arg
  return Object.fromEntries(Object.entries(arg).filter(([name]) => !isKeepAlive(name)))
}

// Node takes both [[name, value], ...] and [name, value, name, value, ...].
function withoutKeepAliveList(list: unknown[]): unknown[] {
  if (Array.isArray(list[0])) {
    return list.filter((entry) => !(Array.isArray(entry) && isKeepAlive(entry[0])))
  }
  return list.filter((_, index) => !isKeepAlive(list[index - (index % 2)]))
}

function isKeepAlive(name: unknown): boolean {
  const lower = String(name).toLowerCase()
  return lower === 'connection' || lower === 'keep-alive'
}
