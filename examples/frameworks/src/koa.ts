import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

import { createLifecycle } from '@changeover/lifecycle'
import { changeoverKoa } from '@changeover/lifecycle/koa'
import Koa from 'koa'

const lifecycle = createLifecycle({ name: 'koa', drain: { notice: '2s' } })
const app = new Koa()

let greeted = 0
lifecycle.onStop('count', () => console.log(`greeted ${greeted}`))

app.use(changeoverKoa(lifecycle))
app.use(async (context) => {
  greeted += 1
  const name = context.method === 'POST' ? await text(context.req) : 'world'
  await sleep(20)
  context.body = `hello ${name}`
})

const port = Number(process.env['PORT'] ?? 8080)
lifecycle.attach(app.listen(port, '127.0.0.1', () => lifecycle.ready()))
