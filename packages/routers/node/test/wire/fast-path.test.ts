import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { backend, rawBackend } from '../backends.ts'
import { ask, keepAlive, rawClient } from '../clients.ts'
import { routedShop } from '../shop.ts'

/** A shop whose instance says what became of `Connection`: node:http always sends one, the fast path never does. */
async function tellingShop(): Promise<string> {
  const { address } = await backend((request, response) => {
    request.resume()
    response.end(request.headers.connection === undefined ? '[fast]' : '[slow]')
  })
  return (await routedShop({ releases: { v1: [address] } })).url('shop')
}

const PLAIN = 'GET /a?b HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nCookie: uid=1\r\n\r\n'

async function pathsOf(requests: readonly string[]): Promise<string> {
  const client = await rawClient(await tellingShop())
  for (const [i, request] of requests.entries()) {
    client.socket.write(request, 'latin1')
    await client.until(new RegExp(`(\\[\\w+\\][^]*){${i + 1}}`))
  }
  return (client.text().match(/\[\w+\]/g) ?? []).join('')
}

describe('the fast path', () => {
  test('takes what is plain, request after request', async () => {
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi'
    expect(await pathsOf([PLAIN, post, PLAIN])).toBe('[fast][fast][fast]')
  })

  test.each([
    [
      'a body in chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['an absolute target', 'GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a tab where none needs to be', 'GET / HTTP/1.1\r\nHost: a\r\nA: b\t\r\n\r\n'],
    ['trailers wanted', 'GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n'],
  ])(
    'leaves a connection to node:http from the first unusual request on: %s',
    async (_what, odd) => {
      expect(await pathsOf([PLAIN, odd, PLAIN])).toBe('[fast][slow][slow]')
    },
  )

  test('takes what clients of Node send', async () => {
    const url = await tellingShop()
    const agent = keepAlive()
    expect((await ask(url, { agent })).body).toBe('[fast]')
    expect((await ask(url, { agent, method: 'POST', body: 'x' })).body).toBe('[fast]')
    expect(await (await fetch(url)).text()).toBe('[fast]')
  })

  test('adds no header to an answer, not even a date', async () => {
    const bare = await rawBackend(({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
    )
    const router = await routedShop({ releases: { v1: [bare.address] } })
    const client = await rawClient(router.url('shop'))
    client.socket.write(PLAIN)
    expect(await client.until(/hi$/)).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  })

  test('leaves a request that has to wait to node:http, whatever it is', async () => {
    const { address } = await backend((_request, response) => response.end('[served]'))
    const router = await routedShop({ releases: { v1: [address] } })
    const client = await rawClient(router.url('shop'))
    client.socket.write(PLAIN)
    await client.until(/\[served\]/)
    await router.hold('shop')
    client.socket.write(PLAIN)
    client.socket.write(PLAIN)
    await expect(
      ask(`${router.url('shop')}/late`, { signal: AbortSignal.timeout(100) }),
    ).rejects.toThrow(/abort/i)
    expect(client.text().match(/\[served\]/g)).toHaveLength(1)
    await router.release('shop')
    expect((await client.until(/(\[served\][^]*){3}/)).match(/200 OK/g)).toHaveLength(3)
  })

  test('keeps its connections to instances apart from a slow client: the next request finds them reading', async () => {
    const big = await backend((request, response) => {
      response.end(request.url === '/big' ? Buffer.alloc(400_000) : 'small')
    })
    const router = await routedShop({ releases: { v1: [big.address] } })
    for (let i = 0; i < 5; i++) {
      const slow = await rawClient(router.url('shop'))
      slow.socket.pause()
      slow.socket.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n')
      await once(big.server, 'request')
      slow.socket.resume()
      await slow.until(/\0$/)
      expect((await ask(router.url('shop'))).body).toBe('small')
      slow.socket.destroy()
    }
  })
})
