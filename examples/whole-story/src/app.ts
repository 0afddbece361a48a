/**
 * The shop: one instance of it. Its environment says where to listen, which release it is and where its database is;
 * probes, draining and signals are the lifecycle's.
 */
import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLifecycle } from '@changeover/lifecycle'
import pg from 'pg'
import { ordersOf } from './orders.ts'

const { PORT, HOST, CHANGEOVER_RELEASE: version = '1.0.0', SHOP_DATABASE } = process.env
const [, , executionsFile = '/dev/null', slowRelease] = process.argv

// The name of the session tells the migration guard which releases are connected, whatever anybody else believes.
const pool = new pg.Pool({
  connectionString: SHOP_DATABASE,
  application_name: `shop@${version}`,
  max: 2,
})
// An idle connection that breaks is replaced at the next query.
pool.on('error', () => {})
const orders = ordersOf(version, pool)
const executions = openSync(executionsFile, 'a')

// No notice: whoever stops this app has taken it out of the router before.
const lifecycle = createLifecycle({
  name: 'shop',
  version,
  drain: { notice: 0 },
  checks: { database: { run: () => pool.query('SELECT 1') } },
})
lifecycle.onStop('database', () => pool.end())

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  for await (const _chunk of request);
  // A release that is bad, though all that it answers is right.
  if (version === slowRelease) await sleep(400)
  const id = String(request.headers['x-request-id'] ?? '')
  if (request.method === 'POST') await orders.add(id)
  else await orders.count()
  // Written before the answer, and not buffered, so that whoever counts later finds what was really done.
  writeSync(executions, `${id}\n`)
  response.writeHead(request.method === 'POST' ? 201 : 200, {
    'content-type': 'application/json',
    'x-release': version,
    'x-request-id': id,
  })
  response.end(`${JSON.stringify({ shop: version, order: id })}\n`)
}

const server = createServer((request, response) => {
  if (lifecycle.handler(request, response)) return
  serve(request, response).catch(() => response.destroy())
})

lifecycle.attach(server)
server.listen(Number(PORT), HOST, () => lifecycle.ready())
