import { createLifecycle } from '@changeover/lifecycle'
import { changeoverExpress } from '@changeover/lifecycle/express'
import express from 'express'

const lifecycle = createLifecycle({ name: 'express', drain: { notice: '2s' } })
const app = express()

app.use(changeoverExpress(lifecycle))
app.get('/', (_, response) => {
  setTimeout(() => response.send('hello'), 20)
})

const port = Number(process.env['PORT'] ?? 8080)
lifecycle.attach(app.listen(port, '127.0.0.1', () => lifecycle.ready()))
