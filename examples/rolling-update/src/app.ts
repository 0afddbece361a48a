/**
 * The app that the demo deploys: a small shop that takes orders. It is told by its environment where to listen and
 * which release it is, and leaves probes, draining and signals to the lifecycle.
 */
import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLifecycle } from '@changeover/lifecycle'

const { PORT, HOST, VERSION = 'dev', READY, ORDERS, CHANGEOVER_RELEASE = 'dev' } = process.env

// No notice: whoever stops this app has taken it out of the router before.
const lifecycle = createLifecycle({ name: 'shop', version: VERSION, drain: { notice: 0 } })
const orders = ORDERS === undefined ? undefined : openSync(ORDERS, 'a')

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  for await (const _chunk of request);
  await sleep(2 + Math.random() * 18)
  const id = String(request.headers['x-request-id'] ?? '')
  // Written before the answer, and not buffered, so that whoever counts later finds what was really done.
  if (orders !== undefined) writeSync(orders, `${id}\n`)
  response.writeHead(request.method === 'POST' ? 201 : 200, {
    'content-type': 'application/json',
    'x-release': CHANGEOVER_RELEASE,
    'x-request-id': id,
  })
  response.end(`${JSON.stringify({ shop: VERSION, order: id })}\n`)
}

const server = createServer((request, response) => {
  if (lifecycle.handler(request, response)) return
  // A client that broke off its request gets no answer.
  serve(request, response).catch(() => response.destroy())
})

lifecycle.attach(server)
server.listen(Number(PORT), HOST, () => {
  // A release that never finishes its start-up: /readyz stays red.
  if (READY !== 'never') lifecycle.ready()
})
