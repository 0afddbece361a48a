import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type LoadRequest, type LoadResponse, openLoopLoad } from '@changeover/testing'
import { afterEach, describe, expect, it } from 'vitest'

const examples = fileURLToPath(new URL('../examples/frameworks/dist/', import.meta.url))
const RATE = 200

/** The frameworks, and how often their own clean-up says so. */
const frameworks: [string, number][] = [
  ['node-http', 0],
  ['express', 0],
  ['fastify', 1],
  ['koa', 0],
  ['hono', 0],
  ['nest', 1],
]

/** Half of the requests are POST, each with a body of its own. */
function visit(n: number): LoadRequest {
  if (n % 2 === 0) return { method: 'GET' }
  return { method: 'POST', headers: { 'content-type': 'text/plain' }, body: `visitor ${n}` }
}

const greeting = (n: number): string => (n % 2 === 0 ? 'hello world' : `hello visitor ${n}`)

function verify({ body }: LoadResponse, n: number): string | undefined {
  return body === greeting(n) ? undefined : `answered ${body} instead of ${greeting(n)}`
}

describe('A server of each framework', () => {
  const children: ChildProcess[] = []
  afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))

  it.each(frameworks)('%s loses nothing when it is stopped under load', async (name, cleanUps) => {
    const port = await freePort()
    const child = spawn(process.execPath, [`${examples}${name}.js`], {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const exited = once(child, 'exit')
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const base = `http://127.0.0.1:${port}`
    await becomesReady(base)
    expect((await fetch(`${base}/livez`)).status).toBe(200)

    const load = openLoopLoad({ url: `${base}/`, rate: RATE, request: visit, verify })
    await sleep(700)
    child.kill('SIGTERM')
    await turnsRed(base)
    await sleep(700)
    const report = await load.stop()
    expect(await exited).toEqual([0, null])
    expect(report.failures).toEqual([])
    expect(report.answered).toBe(report.sent)
    expect(report.sent).toBeGreaterThan(RATE)
    expect(output).toContain(`greeted ${report.answered}\n`)
    expect(output.match(/closed\n/g) ?? []).toHaveLength(cleanUps)
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function becomesReady(base: string): Promise<void> {
  const status = (): Promise<number> =>
    fetch(`${base}/readyz`).then(
      (answer) => answer.status,
      () => 0,
    )
  const until = performance.now() + 20_000
  while ((await status()) !== 200) {
    if (performance.now() > until) throw new Error(`${base} never became ready`)
    await sleep(50)
  }
}

async function turnsRed(base: string): Promise<void> {
  while ((await fetch(`${base}/readyz`)).status !== 503) await sleep(10)
}
