import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openLoopLoad } from '@changeover/testing'
import { afterEach, describe, expect, it } from 'vitest'

const examples = fileURLToPath(new URL('../examples/frameworks/dist/', import.meta.url))
const RATE = 200

/** The frameworks, and what their own clean-up prints. */
const frameworks: [string, string][] = [
  ['node-http', ''],
  ['express', ''],
  ['fastify', 'closed\n'],
  ['koa', ''],
  ['hono', ''],
  ['nest', 'closed\n'],
]

describe('A server of each framework', () => {
  const children: ChildProcess[] = []
  afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))

  it.each(frameworks)('%s loses nothing when it is stopped under load', async (name, cleanUp) => {
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

    const load = openLoopLoad({ url: `${base}/`, rate: RATE, postShare: 0 })
    await sleep(700)
    child.kill('SIGTERM')
    await turnsRed(base)
    await sleep(700)
    const report = await load.stop()
    expect(await exited).toEqual([0, null])
    expect(report.failures).toEqual([])
    expect(report.answered).toBe(report.sent)
    expect(report.sent).toBeGreaterThan(RATE)
    expect(output).toBe(cleanUp)
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
