import { describe, expect, it } from 'vitest'

import { sleep } from '../harness.ts'
import { count, openRaw, request } from '../raw-client.ts'
import type { RawClient } from '../raw-client.ts'
import { startProcess } from '../server-process.ts'
import { openDelayPath } from './delay-path.ts'

const post = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody'

interface Crossing {
  readonly executed: number
  readonly answered: number
  /** POSTs that were written while the server's FIN was on its way. */
  readonly crossed: number
  /** Clients that got two answers to the one POST. */
  readonly doubled: number
}

/** Each client sends one POST, 2 ms after the one before. The server is restless for 200 ms, then closes what is idle. */
async function crossOver(stop: string, clientCount: number): Promise<Crossing> {
  const drain = { notice: 0, quiet: 20, deadline: '20s' }
  const server = await startProcess({ drain }, { STOP: stop }, 'scenario-server.mjs')
  const path = await openDelayPath(server.port)
  const clients = await Promise.all(
    Array.from({ length: clientCount }, () => openRaw(path.port, { allowHalfOpen: true })),
  )
  for (const client of clients) client.send(request())
  await Promise.all(clients.map((client) => client.sees('done')))
  server.kill('SIGTERM')
  await server.says('draining')
  const crossings = await Promise.all(clients.map((client, index) => postAt(client, 2 * index)))
  await server.exited
  await path.close()
  const answers = clients.map((client) => count(client.received(), '200 OK') - 1)
  return {
    executed: Number(server.lines.at(-1)?.['executed']) - clientCount,
    answered: answers.filter((answers) => answers > 0).length,
    crossed: crossings.filter((open, index) => open && answers[index] === 0).length,
    doubled: answers.filter((answers) => answers > 1).length,
  }
}

/** Whether the connection still looked open when the POST was written. */
async function postAt(client: RawClient, delayMs: number): Promise<boolean> {
  await sleep(delayMs)
  const open = !client.socket.readableEnded && !client.socket.destroyed
  client.send(post)
  await client.ended.catch(() => {})
  await sleep(50)
  client.socket.end()
  return open
}

describe('Scenario 2: a POST that is written while the FIN of the server is on its way', () => {
  it('is answered in full or never executed, 1,000 times', async () => {
    const rounds: Crossing[] = []
    for (let round = 0; round < 5; round += 1) rounds.push(await crossOver('lifecycle', 200))
    for (const { executed, answered, doubled } of rounds) {
      expect(answered).toBe(executed)
      expect(doubled).toBe(0)
    }
    const total = (key: keyof Crossing): number =>
      rounds.reduce((sum, round) => sum + round[key], 0)
    expect(total('crossed')).toBeGreaterThan(0)
    expect(total('answered')).toBeGreaterThan(0)
    expect(total('answered')).toBeLessThan(1_000)
  }, 60_000)

  it('is noticed to be executed without an answer where idle connections are just ended', async () => {
    const { executed, answered } = await crossOver('end', 50)
    expect(executed).toBeGreaterThan(answered)
  })
})
