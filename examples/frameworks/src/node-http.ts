import { createServer } from 'node:http'

import { createLifecycle } from '@changeover/lifecycle'

const lifecycle = createLifecycle({ name: 'node-http', drain: { notice: '2s' } })
const server = createServer((request, response) => {
  if (lifecycle.handler(request, response)) return
  setTimeout(() => response.end('hello'), 20)
})

lifecycle.attach(server)
server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => lifecycle.ready())
