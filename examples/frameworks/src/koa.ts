import { setTimeout as sleep } from 'node:timers/promises'

import { createLifecycle } from '@changeover/lifecycle'
import { changeoverKoa } from '@changeover/lifecycle/koa'
import Koa from 'koa'

const lifecycle = createLifecycle({ name: 'koa', drain: { notice: '2s' } })
const app = new Koa()

app.use(changeoverKoa(lifecycle))
app.use(async (context) => {
  await sleep(20)
  context.body = 'hello'
})

const port = Number(process.env['PORT'] ?? 8080)
lifecycle.attach(app.listen(port, '127.0.0.1', () => lifecycle.ready()))
