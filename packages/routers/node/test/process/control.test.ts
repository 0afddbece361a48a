import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { json } from 'node:stream/consumers'
import { join } from 'node:path'
import { nodeRouterProcess } from '@changeover/router-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { table } from '../shop.ts'

describe('The socket of a router process', () => {
  const directory = mkdtempSync(join(tmpdir(), 'router-control-'))
  const socketPath = join(directory, 'router.sock')
  const router = nodeRouterProcess({ directory, listeners: { shop: { port: 0 } } })

  beforeAll(() => router.listen())
  afterAll(async () => {
    await router.shutdown()
    await router.close()
    rmSync(directory, { recursive: true })
  })

  it.each([
    ['no JSON', '/observe', 'service: shop'],
    ['nothing', '/observe', ''],
    ['a field that is none', '/observe', '{"service":"shop","force":true}'],
    ['another type', '/drain', '{"service":"shop","instances":"all","deadline":1}'],
    ['a table without pools', '/apply', '{"table":{"service":"shop","revision":9,"fence":9}}'],
    ['a deadline below 0', '/drain', '{"service":"shop","instances":[],"deadline":-1}'],
    ['a call that is none', '/constructor', '{}'],
    ['a call by its full address', '//shop/observe', '{}'],
  ])('refuses %s, and goes on', async (_, path, body) => {
    const refused = { code: 'CHANGEOVER_ROUTER_CALL_INVALID', message: expect.any(String) }
    expect(await call(socketPath, path, body)).toMatchObject([400, { problem: refused }])
    expect((await router.observe('shop')).revision).toBe(0)
  })

  it('refuses a call without end after so many bytes', async () => {
    const answer = await call(socketPath, '/observe', 'x'.repeat(17_000_000)).catch(String)
    // The refusal, or the end of the connection where the bytes that nobody reads are still under way.
    expect(JSON.stringify(answer)).toMatch(/CALL_INVALID|EPIPE|ECONNRESET|socket hang up/)
    expect((await router.observe('shop')).revision).toBe(0)
  })

  it('refuses a table with a code of the table’s own, before it is sent and where it is not', async () => {
    const wrong = table({ releases: { v1: ['127.0.0.1:1'] }, weights: { v1: 9_999 } })
    const code = 'CHANGEOVER_WEIGHTS_INVALID'
    await expect(router.apply(wrong)).rejects.toMatchObject({ code })
    const said = await call(socketPath, '/apply', JSON.stringify({ table: wrong }))
    expect(said).toMatchObject([422, { problem: { code } }])
  })
})

async function call(socketPath: string, path: string, body: string): Promise<[number, unknown]> {
  const sent = request({ socketPath, path, method: 'POST', agent: false })
  sent.on('error', () => {}) // Told by the response that does not come.
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return [response.statusCode ?? 0, await json(response)]
}
