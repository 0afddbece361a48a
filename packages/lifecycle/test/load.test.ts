import { describe, expect, it } from 'vitest'

import { sleep } from './harness.ts'
import { count, openRaw, request } from './raw-client.ts'
import type { RawClient } from './raw-client.ts'
import { startProcess } from './server-process.ts'

interface Tally {
  answered: number
  lost: number
  refused: number
}

/**
 * A client that keeps its connection as long as the server allows, as balancers do. A request counts as lost when it was written
 * to a connection that was not told close, and no answer came.
 */
async function keepAsking(port: number, everyMs: number, tally: Tally): Promise<void> {
  let client: RawClient | undefined
  for (;;) {
    client ??= await openRaw(port).catch(() => undefined)
    if (client === undefined) {
      tally.refused += 1
      return
    }
    const before = count(client.received(), 'done')
    client.send(request('/?ms=7'))
    const answered = await client.sees('done', before + 1).then(
      () => true,
      () => false,
    )
    tally[answered ? 'answered' : 'lost'] += 1
    if (!answered || client.received().includes('Connection: close')) {
      client.socket.destroy()
      client = undefined
    }
    await sleep(everyMs)
  }
}

describe('SIGTERM under steady keep-alive load', () => {
  it('executes no request without answering it, with no notice at all', async () => {
    const server = await startProcess({ drain: { notice: 0, quiet: 200, deadline: '20s' } })
    const tally: Tally = { answered: 0, lost: 0, refused: 0 }
    // 40 clients, each about 5 requests a second.
    const clients = Array.from({ length: 40 }, (_, index) =>
      sleep(index * 5).then(() => keepAsking(server.port, 190, tally)),
    )
    await sleep(2_000)
    server.kill('SIGTERM')
    await Promise.all(clients)
    expect(await server.exited).toBe(0)
    expect(tally.refused).toBe(40)
    expect(tally.answered).toBeGreaterThan(100)
    expect(server.lines.at(-1)).toMatchObject({ executed: tally.answered })
    expect(tally.lost).toBe(0)
  })

  it('executes no request without answering it when clients cross its close, over six restarts', async () => {
    for (let round = 0; round < 6; round += 1) {
      const server = await startProcess({ drain: { notice: 0, quiet: 20, deadline: '20s' } })
      const clients = await Promise.all(
        Array.from({ length: 100 }, () => openRaw(server.port, { allowHalfOpen: true })),
      )
      for (const client of clients) client.send(request())
      await Promise.all(clients.map((client) => client.sees('done')))
      server.kill('SIGTERM')
      await server.says('draining')
      for (const [index, client] of clients.entries()) {
        setTimeout(() => client.send(request()), 10 + index * 5)
      }
      await Promise.all(clients.map((client) => client.ended))
      await sleep(50)
      for (const client of clients) client.socket.end()
      const answers = clients.reduce((sum, client) => sum + count(client.received(), 'done'), 0)
      await server.exited
      expect(server.lines.at(-1)).toMatchObject({ executed: answers })
    }
  })
})
