import { once } from 'node:events'
import { createServer, get, request as httpRequest, Agent } from 'node:http'

import { describe, expect, it } from 'vitest'

import { createLifecycle } from '../src/index.ts'
import { defer, listen, quick, sleep, start } from './harness.ts'
import { count, openRaw, request } from './raw-client.ts'

describe.concurrent('a request in flight', () => {
  it('is answered in full when it takes a second longer, and is told that the connection closes', async () => {
    const { lifecycle, port } = await start((_, response) => {
      setTimeout(() => response.end('slow'), 1_000)
    })
    const client = await openRaw(port)
    client.send(request())
    await sleep(100)
    const report = await lifecycle.shutdown()
    await client.ended
    expect(client.received()).toContain('Connection: close')
    expect(client.received()).toMatch(/slow$/)
    expect(report).toMatchObject({ outcome: 'clean', exitCode: 0, completed: 1, forced: 0 })
  })

  it('ends cleanly when its head left before the drain', async () => {
    const more = defer()
    const { lifecycle, port } = await start((_, response) => {
      response.write('first,')
      void more.promise.then(() => response.end('last'))
    })
    const client = await openRaw(port)
    client.send(request())
    await client.sees('first,')
    const stopped = lifecycle.shutdown()
    more.resolve()
    await client.sees('0\r\n\r\n')
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
    expect(await client.closed).toBe('clean')
  })

  it('does not hold up the end for a quiet period when its head left before the drain', async () => {
    const ends: (() => void)[] = []
    const { lifecycle, port } = await start(
      (_, response) => {
        response.write('first,')
        ends.push(() => response.end('last'))
      },
      { drain: { notice: 0, quiet: '10s', streams: 0, deadline: '30s' } },
    )
    const client = await openRaw(port)
    client.send(request())
    await client.sees('first,')
    const stopped = lifecycle.shutdown()
    await sleep(200)
    for (const end of ends) end()
    expect((await stopped).durationMs).toBeLessThan(5_000)
  })

  it('may be followed by the request that the client had ready', async () => {
    const ends: (() => void)[] = []
    const { lifecycle, port } = await start((incoming, response) => {
      if (incoming.url === '/next') return void response.end('next')
      response.write('first,')
      ends.push(() => response.end('last'))
    })
    const client = await openRaw(port)
    client.send(request())
    await client.sees('first,')
    const stopped = lifecycle.shutdown()
    for (const end of ends) end()
    await client.sees('0\r\n\r\n')
    client.send(request('/next'))
    await client.ended
    expect(client.received()).toMatch(/Connection: close[^]*next$/)
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 2 })
  })

  it('may still upload for a while', async () => {
    const { lifecycle, port } = await start((incoming, response) => {
      let size = 0
      incoming.on('data', (chunk: Buffer) => (size += chunk.length))
      incoming.on('end', () => response.end(`got ${size}`))
    })
    const client = await openRaw(port)
    client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n0123456789')
    await sleep(100)
    const stopped = lifecycle.shutdown()
    await sleep(500)
    client.send('0123456789')
    await client.sees('got 20')
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
  })

  it('is told close although the application copied a keep-alive header from somewhere', async () => {
    const release = defer()
    const { lifecycle, port } = await start((incoming, response) => {
      void release.promise.then(() => {
        if (incoming.url === '/set') response.setHeader('Connection', 'keep-alive')
        if (incoming.url === '/list')
          response.writeHead(200, ['Connection', 'keep-alive', 'X-A', '1'])
        if (incoming.url === '/head')
          response.writeHead(200, { connection: 'keep-alive', 'X-A': '1' })
        response.end('ok')
      })
    })
    const clients = await Promise.all(['/set', '/list', '/head'].map(() => openRaw(port)))
    const paths = ['/set', '/list', '/head']
    for (const [index, client] of clients.entries()) client.send(request(paths[index]))
    await sleep(100)
    const stopped = lifecycle.shutdown()
    release.resolve()
    await stopped
    for (const client of clients) {
      await client.ended
      expect(client.received()).toMatch(/\r\nconnection: close\r\n/i)
      expect(client.received()).not.toMatch(/keep-alive/i)
    }
  })
})

describe.concurrent('a response that was ended but not yet read', () => {
  it('arrives whole at a slow reader, all 8 MB', async () => {
    const size = 8 * 1024 * 1024
    const { lifecycle, port } = await start((_, response) => response.end(Buffer.alloc(size, 'x')))
    const client = await openRaw(port)
    client.socket.pause()
    client.send(request())
    await sleep(200)
    const stopped = lifecycle.shutdown()
    await sleep(300)
    client.socket.resume()
    const report = await stopped
    await client.ended
    expect(client.received().length - client.received().indexOf('\r\n\r\n') - 4).toBe(size)
    expect(report).toMatchObject({ outcome: 'clean', completed: 1 })
  })

  it('is not taken away by a request that the client had pipelined behind it', async () => {
    const size = 8 * 1024 * 1024
    const executed: string[] = []
    const { lifecycle, port } = await start((incoming, response) => {
      executed.push(incoming.url ?? '')
      response.end(Buffer.alloc(size, 'x'))
    })
    const client = await openRaw(port)
    const stopped = lifecycle.shutdown()
    client.socket.pause()
    client.send(request('/1') + request('/2'))
    await sleep(200)
    client.socket.resume()
    await client.ended
    expect(executed).toEqual(['/1'])
    expect(client.received().length - client.received().indexOf('\r\n\r\n') - 4).toBe(size)
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1, refused: 1 })
  })
})

describe.concurrent('an answer that came before the end of its request', () => {
  it('reaches a client that is still uploading, without a reset', async () => {
    const { lifecycle, port } = await start((_, response) => {
      response.writeHead(413).end('too large')
    })
    const client = await openRaw(port)
    await sleep(50)
    const stopped = lifecycle.shutdown()
    const size = 8 * 1024 * 1024
    client.send(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`)
    client.send('x'.repeat(size))
    await client.ended
    expect(client.received()).toMatch(/^HTTP\/1.1 413 [^]*too large/)
    expect(await client.closed).toBe('clean')
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
  })
})

describe.concurrent('a half-sent head', () => {
  it('is served when it is completed soon, as the first of its connection and on a warm one', async () => {
    const { lifecycle, port } = await start((_, response) => response.end('ok'))
    const cold = await openRaw(port)
    const warm = await openRaw(port)
    warm.send(request())
    await warm.sees('ok')
    for (const client of [cold, warm]) client.send('GET / HTTP/1.1\r\nHo')
    await sleep(100)
    const stopped = lifecycle.shutdown()
    await sleep(400)
    for (const client of [cold, warm]) client.send('st: localhost\r\n\r\n')
    await Promise.all([cold.ended, warm.ended])
    expect(count(cold.received(), '200 OK')).toBe(1)
    expect(count(warm.received(), '200 OK')).toBe(2)
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 2 })
  })

  it('does not hold up the drain when it is never completed', async () => {
    const { lifecycle, port } = await start((_, response) => response.end('ok'), {
      drain: { ...quick, deadline: '60s' },
    })
    const client = await openRaw(port)
    client.send('GET / HT')
    await sleep(100)
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', forced: 0 })
  })
})

describe.concurrent('a client that sends its head byte by byte', () => {
  it('does not hold up the drain, and is not executed', async () => {
    let executed = 0
    const { lifecycle, port } = await start(
      (_, response) => {
        executed += 1
        response.end('ok')
      },
      { drain: { ...quick, deadline: '60s' } },
    )
    const client = await openRaw(port)
    let sent = 0
    const drip = setInterval(() => {
      if (!client.socket.destroyed) client.send(request('/', 'X: y\r\n'.repeat(500))[sent++] ?? '')
    }, 50)
    await sleep(100)
    const report = await lifecycle.shutdown()
    clearInterval(drip)
    expect(sent).toBeLessThan(1_000)
    expect(executed).toBe(0)
    expect(report).toMatchObject({ outcome: 'clean', forced: 0 })
  })
})

describe.concurrent('new connections', () => {
  it('are accepted during the notice, told close, and refused after it', async () => {
    const { lifecycle, port } = await start((_, response) => response.end('ok'), {
      drain: { notice: 500, quiet: 50, deadline: '20s' },
    })
    const stopped = lifecycle.shutdown()
    const during = await openRaw(port)
    during.send(request())
    await during.ended
    expect(during.received()).toContain('Connection: close')
    await stopped
    await expect(openRaw(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('are not reset when they wait for their first request as the listener closes', async () => {
    const { lifecycle, port } = await start((_, response) => response.end('ok'), {
      drain: { notice: 0, quiet: 500, deadline: '20s' },
    })
    const client = await openRaw(port)
    const stopped = lifecycle.shutdown()
    await sleep(100)
    client.send(request())
    await client.ended
    expect(client.received()).toContain('200 OK')
    expect(await stopped).toMatchObject({ completed: 1 })
  })
})

describe.concurrent('connections in the queue of the listener', () => {
  it('are accepted before it closes', async () => {
    const { lifecycle, port } = await start((_, response) => response.end('ok'), {
      drain: { notice: 0, quiet: 500, deadline: '20s' },
    })
    const clients = await Promise.all(Array.from({ length: 300 }, () => openRaw(port)))
    const stopped = lifecycle.shutdown()
    for (const client of clients) client.send(request())
    expect(new Set(await Promise.all(clients.map((client) => client.closed)))).toEqual(
      new Set(['clean']),
    )
    expect(clients.filter((client) => client.received().includes('200 OK'))).toHaveLength(300)
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 300 })
  })
})

describe.concurrent('idle keep-alive connections', () => {
  // Beyond 512 the peers are not waited for.
  it.each([200, 600])('are closed without an error, %i of them', async (length) => {
    const { lifecycle, port } = await start((_, response) => response.end('ok'))
    const clients = await Promise.all(Array.from({ length }, () => openRaw(port)))
    for (const client of clients) client.send(request())
    await Promise.all(clients.map((client) => client.sees('ok')))
    await sleep(100)
    const report = await lifecycle.shutdown()
    expect(new Set(await Promise.all(clients.map((client) => client.closed)))).toEqual(
      new Set(['clean']),
    )
    expect(report).toMatchObject({ outcome: 'clean', completed: 0, forced: 0 })
  })

  it('are answered when they ask in the quiet period', async () => {
    const { lifecycle, port } = await start((_, response) => response.end('ok'), {
      drain: { notice: 0, quiet: 500, deadline: '20s' },
    })
    const client = await openRaw(port)
    client.send(request())
    await client.sees('ok')
    const stopped = lifecycle.shutdown()
    await sleep(100)
    client.send(request())
    await client.ended
    expect(count(client.received(), '200 OK')).toBe(2)
    expect(await stopped).toMatchObject({ completed: 1 })
  })

  it('do not hold up the drain when the peer never closes its side', async () => {
    const { lifecycle, port } = await start((_, response) => response.end('ok'), {
      drain: { ...quick, deadline: '60s' },
    })
    const client = await openRaw(port, { allowHalfOpen: true })
    const report = await lifecycle.shutdown()
    expect(report).toMatchObject({ outcome: 'clean', forced: 0 })
    client.socket.destroy()
  })
})

describe.concurrent('a pool of keep-alive connections that is in use', () => {
  it('runs dry by itself: each connection answers once more before it is closed', async () => {
    const { lifecycle, port } = await start((_, response) => response.end('ok'), {
      drain: { notice: 0, quiet: 200, deadline: '20s' },
    })
    const pool = await Promise.all(Array.from({ length: 20 }, () => openRaw(port)))
    for (const client of pool) client.send(request())
    await Promise.all(pool.map((client) => client.sees('ok')))
    await sleep(100)
    const stopped = lifecycle.shutdown()
    // Used in turn, 50 ms apart, the last one is idle for five quiet periods.
    for (const client of pool) {
      client.send(request())
      await client.ended
      await sleep(50)
    }
    expect(pool.map((client) => count(client.received(), '200 OK'))).toEqual(pool.map(() => 2))
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 20, refused: 0 })
  })
})

describe.concurrent('a busy keep-alive client', () => {
  it('is told close with its next answer and never extends the drain', async () => {
    const { lifecycle, port } = await start((incoming, response) => {
      if (incoming.url === '/slow') setTimeout(() => response.end('slow'), 1_000)
      else response.end('ok')
    })
    const slow = await openRaw(port)
    slow.send(request('/slow'))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number>()
    let failure: NodeJS.ErrnoException | undefined
    const hammer = async (): Promise<void> => {
      for (;;) {
        if (failure !== undefined) return
        await new Promise<void>((resolve) => {
          get({ port, host: '127.0.0.1', agent }, (response) => {
            ports.add(response.socket.localPort ?? 0)
            response.resume().once('end', resolve)
          }).once('error', (error) => {
            failure = error
            resolve()
          })
        })
      }
    }
    const hammering = hammer()
    await sleep(200)
    expect(ports.size).toBe(1)
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean' })
    await hammering
    expect(failure?.code).toBe('ECONNREFUSED')
    agent.destroy()
  })
})

describe.concurrent('pipelined requests', () => {
  it('are all answered, and only the last answer says close', async () => {
    const release = defer()
    const { lifecycle, port } = await start(
      (incoming, response) => void release.promise.then(() => response.end(`<${incoming.url}>`)),
      { drain: { notice: 500, quiet: 50, deadline: '20s' } },
    )
    const stopped = lifecycle.shutdown()
    const client = await openRaw(port)
    client.send(request('/1') + request('/2') + request('/3'))
    await sleep(100)
    release.resolve()
    await client.ended
    expect(client.received().match(/<\/\d>/g)).toEqual(['</1>', '</2>', '</3>'])
    expect(count(client.received(), 'Connection: close')).toBe(1)
    expect(client.received().lastIndexOf('HTTP/1.1 200')).toBeLessThan(
      client.received().indexOf('Connection: close'),
    )
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 3, refused: 0 })
  })

  it('are all answered when they were executed before the drain', async () => {
    const { lifecycle, port } = await start((incoming, response) => {
      setTimeout(() => response.end(`<${incoming.url}>`), 200 * Number(incoming.url?.slice(1)))
    })
    const client = await openRaw(port)
    client.send(request('/1') + request('/2') + request('/3'))
    await sleep(50)
    const report = await lifecycle.shutdown()
    expect(client.received().match(/<\/\d>/g)).toEqual(['</1>', '</2>', '</3>'])
    expect(client.received().lastIndexOf('HTTP/1.1 200')).toBeLessThan(
      client.received().indexOf('Connection: close'),
    )
    expect(report).toMatchObject({ outcome: 'clean', completed: 3 })
  })

  it('are not executed behind an answer that said close', async () => {
    const executed: string[] = []
    const { lifecycle, port } = await start(
      (incoming, response) => {
        executed.push(incoming.url ?? '')
        response.end('ok')
      },
      { drain: { notice: 0, quiet: 500, deadline: '20s' } },
    )
    const client = await openRaw(port)
    const stopped = lifecycle.shutdown()
    client.send(request('/1') + request('/2') + request('/3'))
    await client.ended
    expect(executed).toEqual(['/1'])
    expect(count(client.received(), '200 OK')).toBe(1)
    expect(await stopped).toMatchObject({ completed: 1, refused: 2 })
  })
})

describe('a request that crosses our close', () => {
  it('is either answered or never executed, however the two meet', async () => {
    let executed = 0
    const { lifecycle, port } = await start(
      (_, response) => {
        executed += 1
        response.end('ok')
      },
      { drain: { notice: 0, quiet: 20, deadline: '20s' } },
    )
    const clients = await Promise.all(
      Array.from({ length: 400 }, () => openRaw(port, { allowHalfOpen: true })),
    )
    await sleep(300)
    const stopped = lifecycle.shutdown()
    for (const [index, client] of clients.entries()) {
      setTimeout(() => client.send(request()), (index % 100) * 5)
    }
    await Promise.all(clients.map((client) => client.ended))
    await sleep(700)
    for (const client of clients) client.socket.end()
    const report = await stopped
    const answered = clients.filter((client) => client.received().includes('200 OK')).length
    expect(answered).toBe(executed)
    expect(report.completed).toBe(executed)
    expect(executed).toBeLessThan(400)
    expect(report.refused).toBeGreaterThan(0)
  })

  it('is never executed after the end of the connection was seen', async () => {
    let executed = 0
    const { lifecycle, port } = await start((_, response) => {
      executed += 1
      response.end('ok')
    })
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => openRaw(port, { allowHalfOpen: true })),
    )
    const stopped = lifecycle.shutdown()
    await Promise.all(clients.map((client) => client.ended))
    for (const client of clients) client.send(request())
    await sleep(200)
    for (const client of clients) client.socket.end()
    const report = await stopped
    expect(executed).toBe(0)
    expect(report.refused).toBe(50)
    expect(await Promise.all(clients.map((client) => client.closed))).not.toContain('ECONNRESET')
  })
})

describe.concurrent('the deadline', () => {
  it('cuts an endless response, counts it and gives exit code 70', async () => {
    const { lifecycle, port } = await start(
      (_, response) => {
        const timer = setInterval(() => response.write('tick\n'), 20)
        response.once('close', () => clearInterval(timer))
      },
      { drain: { notice: 0, quiet: 0, deadline: 500 } },
    )
    const endless = await Promise.all([openRaw(port), openRaw(port)])
    for (const client of endless) client.send(request())
    await Promise.all(endless.map((client) => client.sees('tick')))
    const idle = await openRaw(port)
    const report = await lifecycle.shutdown()
    expect(report).toMatchObject({ outcome: 'forced', exitCode: 70, forced: 2, completed: 0 })
    await Promise.all([...endless, idle].map((client) => client.closed))
  })
})

describe.concurrent('attach', () => {
  it('drains several servers side by side', async () => {
    const first = await start((_, response) => setTimeout(() => response.end('first'), 300))
    const server = createServer((_, response) => setTimeout(() => response.end('second'), 300))
    first.lifecycle.attach(server)
    const port = await listen(server)
    const clients = [await openRaw(first.port), await openRaw(port)]
    for (const client of clients) client.send(request())
    await sleep(100)
    expect(await first.lifecycle.shutdown()).toMatchObject({ completed: 2, outcome: 'clean' })
    expect(clients.map((client) => /(first|second)$/.exec(client.received())?.[0])).toEqual([
      'first',
      'second',
    ])
  })

  it('takes over connections that were open before it', async () => {
    const server = createServer((_, response) => setTimeout(() => response.end('ok'), 300))
    const port = await listen(server)
    const [busy, idle] = [await openRaw(port), await openRaw(port)]
    busy.send(request())
    idle.send(request())
    await idle.sees('ok')
    busy.send(request())
    await sleep(50)
    const lifecycle = createLifecycle({ signals: [], drain: quick })
    lifecycle.attach(server)
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', completed: 1 })
    expect(count(busy.received(), '200 OK')).toBe(2)
    expect(await idle.closed).toBe('clean')
  })

  it('closes a server that begins to listen after the drain began', async () => {
    const lifecycle = createLifecycle({ signals: [], drain: { ...quick, notice: 200 } })
    const server = createServer()
    lifecycle.attach(server)
    const stopped = lifecycle.shutdown()
    await listen(server)
    await stopped
    expect(server.listening).toBe(false)
  })

  it('costs a connection one listener before the drain, and nobody asked for its peer', async () => {
    const listeners = async (attached: boolean): Promise<number> => {
      const server = createServer()
      const lifecycle = createLifecycle({ signals: [], drain: quick })
      if (attached) lifecycle.attach(server)
      const port = await listen(server)
      const accepted = once(server, 'connection')
      const client = await openRaw(port)
      const [socket] = await accepted
      const names: (string | symbol)[] = socket.eventNames()
      const total = names.reduce((sum, name) => sum + Number(socket.listenerCount(name)), 0)
      expect(Reflect.get(socket, '_peername')).toBeUndefined()
      client.socket.destroy()
      server.close()
      await lifecycle.close()
      return total
    }
    expect(await listeners(true)).toBe((await listeners(false)) + 1)
  })

  it('hooks no request before the drain', async () => {
    const server = createServer()
    const before = server.listenerCount('request')
    const hooked = (): boolean => Object.hasOwn(server, 'emit')
    const { lifecycle } = await start(() => {}, {}, server)
    expect(server.listenerCount('request')).toBe(before)
    expect(hooked()).toBe(false)
    const stopped = lifecycle.close()
    expect(hooked()).toBe(true)
    await stopped
    expect(hooked()).toBe(false)
  })
})

describe.concurrent('Expect: 100-continue', () => {
  it('lets an upload end that was told to continue before the drain', async () => {
    const { lifecycle, port } = await start((incoming, response) => {
      let size = 0
      incoming.on('data', (chunk: Buffer) => (size += chunk.length))
      incoming.on('end', () => response.end(`got ${size}`))
    })
    const client = await openRaw(port)
    client.send(
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n',
    )
    await client.sees('100 Continue')
    const stopped = lifecycle.shutdown()
    for (const half of ['0123456789', '0123456789']) {
      await sleep(300)
      client.send(half)
    }
    await client.sees('got 20')
    expect(client.received()).toContain('Connection: close')
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
  })

  it('is continued and answered during the notice', async () => {
    const { lifecycle, port } = await start(
      (incoming, response) => incoming.resume().once('end', () => response.end('ok')),
      { drain: { notice: 500, quiet: 50, deadline: '20s' } },
    )
    const stopped = lifecycle.shutdown()
    const outgoing = httpRequest({
      port,
      host: '127.0.0.1',
      method: 'POST',
      headers: { expect: '100-continue', 'content-length': 4 },
    })
    outgoing.flushHeaders()
    await once(outgoing, 'continue')
    outgoing.end('body')
    const [response] = await once(outgoing, 'response')
    expect(response.headers.connection).toBe('close')
    response.resume()
    expect(await stopped).toMatchObject({ completed: 1, outcome: 'clean' })
  })
})
