import { createLifecycle } from '@changeover/lifecycle'
import { changeoverExpress } from '@changeover/lifecycle/express'
import express from 'express'
import type { Response } from 'express'

const lifecycle = createLifecycle({ name: 'express', drain: { notice: '2s' } })
const app = express()

let greeted = 0
lifecycle.onStop('count', () => console.log(`greeted ${greeted}`))

function greet(response: Response, name: string): void {
  greeted += 1
  setTimeout(() => response.send(`hello ${name}`), 20)
}

app.use(changeoverExpress(lifecycle))
app.use(express.text())
app.get('/', (_, response) => greet(response, 'world'))
app.post('/', (request, response) => greet(response, String(request.body)))

const port = Number(process.env['PORT'] ?? 8080)
lifecycle.attach(app.listen(port, '127.0.0.1', () => lifecycle.ready()))
