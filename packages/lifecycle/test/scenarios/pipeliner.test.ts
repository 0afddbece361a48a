import { describe, expect, it } from 'vitest'

import { start } from '../harness.ts'
import { openRaw, request } from '../raw-client.ts'

describe('Scenario 10: a client that pipelines, always with a request behind the one that is answered', () => {
  it('is told close and does not extend the drain to its deadline', async () => {
    const { lifecycle, port } = await start(
      (_, response) => setTimeout(() => response.end('done'), 100),
      { drain: { notice: 0, quiet: 50, deadline: 10_000 } },
    )
    const client = await openRaw(port)
    const hammering = setInterval(() => {
      if (!client.received().includes('Connection: close')) client.send(request())
    }, 20)
    await client.sees('done')
    const report = await lifecycle.shutdown()
    clearInterval(hammering)
    expect(client.received()).toContain('Connection: close')
    expect(report).toMatchObject({ outcome: 'clean', forced: 0 })
  })
})
