import { setTimeout as sleep } from 'node:timers/promises'

import { createLifecycle } from '@changeover/lifecycle'
import { changeoverFastify } from '@changeover/lifecycle/fastify'
import fastify from 'fastify'

const lifecycle = createLifecycle({ name: 'fastify', drain: { notice: '2s' } })
const app = fastify()

let greeted = 0
lifecycle.onStop('count', () => console.log(`greeted ${greeted}`))

async function greet(name: string): Promise<string> {
  greeted += 1
  await sleep(20)
  return `hello ${name}`
}

app.register(changeoverFastify(lifecycle))
app.addHook('onClose', async () => console.log('closed'))
app.get('/', () => greet('world'))
app.post('/', (request) => greet(String(request.body)))

await app.listen({ port: Number(process.env['PORT'] ?? 8080), host: '127.0.0.1' })
