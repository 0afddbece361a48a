import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

import { createLifecycle } from '@changeover/lifecycle'

const lifecycle = createLifecycle({ name: 'node-http', drain: { notice: '2s' } })
const server = createServer((request, response) => {
  if (lifecycle.handler(request, response)) return
  void greet(request, response)
})

let greeted = 0
lifecycle.onStop('count', () => console.log(`greeted ${greeted}`))

async function greet(request: IncomingMessage, response: ServerResponse): Promise<void> {
  greeted += 1
  const name = request.method === 'POST' ? await text(request) : 'world'
  await sleep(20)
  response.end(`hello ${name}`)
}

lifecycle.attach(server)
server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => lifecycle.ready())
