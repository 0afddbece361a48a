import { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

import { createLifecycle } from '@changeover/lifecycle'
import { changeoverHono } from '@changeover/lifecycle/hono'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const lifecycle = createLifecycle({ name: 'hono', drain: { notice: '2s' } })
const app = new Hono()

let greeted = 0
lifecycle.onStop('count', () => console.log(`greeted ${greeted}`))

async function greet(name: string): Promise<string> {
  greeted += 1
  await sleep(20)
  return `hello ${name}`
}

app.use(changeoverHono(lifecycle))
app.get('/', async (context) => context.text(await greet('world')))
app.post('/', async (context) => context.text(await greet(await context.req.text())))

const port = Number(process.env['PORT'] ?? 8080)
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, () => lifecycle.ready())
if (server instanceof Server) lifecycle.attach(server)
