import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inCohort, type Receipt, type Router, type RouteTable } from '@changeover/engine'
import { nginxRouter, type RouterMode } from '@changeover/router-nginx'
import { openLoopLoad } from '@changeover/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findNginx, type NginxUnderTest, nginxUnderTest } from '../../../../test/routers/nginx.ts'
import { masterOf, workersOf } from '../src/processes.ts'

const LONG_MS = 20_000
const MODES: readonly RouterMode[] = ['reload', 'file', 'lua']

/** An instance that answers with its release, at once or when it is let go. */
async function instance(release: string) {
  const waiting: (() => void)[] = []
  let holding = false
  const server = createServer((request, response) => {
    const answer = (): void => void response.end(release)
    if (holding && request.url === '/held') waiting.push(answer)
    else answer()
    server.emit('asked')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  return {
    release,
    instances: [{ id: `${release}-1`, address: `127.0.0.1:${port}` }],
    hold: () => (holding = true),
    held: async () => {
      while (waiting.length === 0) await once(server, 'asked')
    },
    letGo: () => {
      for (const answer of waiting.splice(0)) answer()
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

type Instance = Awaited<ReturnType<typeof instance>>

let last = 0

function table(
  pools: readonly (readonly [Instance, number])[],
  extras: Partial<RouteTable> = {},
): RouteTable {
  last += 1
  const made = pools.map(([{ release, instances }, weight]) => ({ release, instances, weight }))
  return { service: 'shop', revision: last, fence: 4, pools: made, ...extras }
}

async function expectInForce(router: Router, next: RouteTable): Promise<void> {
  const receipt = await router.apply(next)
  expect(receipt).toMatchObject({ outcome: 'applied' })
  expect(await router.converge(receipt, { deadline: LONG_MS })).toMatchObject({ converged: true })
}

async function answerOf(url: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url, { headers: { ...headers, connection: 'close' } })
  return response.text()
}

describe('nginx', async () => {
  const programs = await findNginx()
  const running = new Map<RouterMode, NginxUnderTest>()
  let [v1, v2]: Instance[] = []
  const nginx = (mode: RouterMode): NginxUnderTest => running.get(mode)!
  const start = (mode: RouterMode, options = {}): Promise<NginxUnderTest> =>
    nginxUnderTest({ mode, programs: programs!, options })

  beforeAll(async () => {
    if (!programs) return
    ;[v1, v2] = [await instance('v1'), await instance('v2')]
    const services = { shop: { upstreamIdle: 500 } }
    for (const mode of MODES) running.set(mode, await start(mode, { services }))
  })
  afterAll(async () => {
    for (const one of running.values()) await one.close()
    for (const one of [v1, v2]) await one?.close()
  })

  const workers = (mode: RouterMode): readonly number[] => {
    const master = masterOf(nginx(mode).options.pidFile!)
    return master ? workersOf(master).map(({ pid }) => pid) : []
  }

  describe.skipIf(!programs)('in mode lua', () => {
    it('puts the users on the side on which the embedded router has them', async () => {
      const { router, url } = nginx('lua')
      const affinity = { release: 'v2', salt: 'rollout-7', cookie: 'uid' }
      await expectInForce(
        router,
        table(
          [
            [v1!, 8_765],
            [v2!, 1_235],
          ],
          { affinity },
        ),
      )
      const users = [...Array.from({ length: 200 }, (_, i) => `${i}`), 'größe', 'a b', '日本']
      const wrong: string[] = []
      for (const key of users) {
        const wire = Buffer.from(`x=1; uid=${key}`).toString('latin1')
        const expected = inCohort({ salt: 'rollout-7', key, percent: 12.35 }) ? 'v2' : 'v1'
        if ((await answerOf(url, { cookie: wire })) !== expected) wrong.push(key)
      }
      expect(wrong).toEqual([])
    })

    it('calls nobody drained whose workers it does not find by the pid file', async () => {
      const { router, url, options } = nginx('lua')
      const held = await instance('held')
      held.hold()
      await expectInForce(router, table([[held, 10_000]]))
      const answer = answerOf(`${url}/held`)
      await held.held()
      const elsewhere = nginxRouter({ ...options, pidFile: '/nowhere/nginx.pid' })
      await expectInForce(router, table([[v1!, 10_000]]))
      const ask = { deadline: 200 }
      expect(await elsewhere.drain('shop', ['held-1'], ask)).toMatchObject({
        drained: false,
        inFlight: 'unknown',
      })
      held.letGo()
      expect(await answer).toBe('held')
      expect(await router.drain('shop', ['held-1'], { deadline: LONG_MS })).toMatchObject({
        drained: true,
      })
      await elsewhere.close()
      await held.close()
    })

    it("changes routes without a new worker, and keeps them through somebody else's reload", async () => {
      const { router, url, master } = nginx('lua')
      const before = workers('lua')
      await expectInForce(router, table([[v1!, 10_000]]))
      await expectInForce(router, table([[v2!, 10_000]]))
      expect(workers('lua')).toEqual(before)
      process.kill(master(), 'SIGHUP')
      for (let i = 0; i < 50; i += 1) expect(await answerOf(url)).toBe('v2')
    })

    it('shares requests exactly over both workers, whatever the share, from the first request on', async () => {
      const { router, url } = nginx('lua')
      for (const weight of [100, 3_333]) {
        await expectInForce(
          router,
          table([
            [v1!, 10_000 - weight],
            [v2!, weight],
          ]),
        )
        let count = 0
        const strays: number[] = []
        for (let n = 1; n <= 200; n += 1) {
          if ((await answerOf(url)) === 'v2') count += 1
          strays.push(Math.abs(count - (n * weight) / 10_000))
        }
        expect(Math.max(...strays)).toBeLessThanOrEqual(2)
      }
    })

    it('knows a newer table from an older one, though somebody changed what is saved and restarted nginx', async () => {
      const { router, directory, restart } = nginx('lua')
      await expectInForce(router, table([[v1!, 10_000]], { fence: 4 }))
      const file = join(directory, 'shop.table')
      writeFileSync(file, `${readFileSync(file, 'utf8')}# by hand\n`)
      await restart()
      const seen = await router.observe('shop')
      expect(seen).toMatchObject({ table: undefined, revision: last, fence: 4 })
      expect(seen.drift).toEqual(['nginx has routes that no adapter wrote'])
      const stale = { ...table([[v2!, 10_000]]), fence: 3 }
      expect(await router.apply(stale)).toMatchObject({ outcome: 'rejected' })
      await expectInForce(router, table([[v2!, 10_000]]))
      expect(await router.observe('shop')).toMatchObject({ drift: [], converged: true })
      rmSync(file)
      await expectInForce(router, table([[v1!, 10_000]]))
    })

    it('takes no table from who does not know its token', async () => {
      const { options, router } = nginx('lua')
      const before = await router.observe('shop')
      const address = `http://127.0.0.1:${options.control.port}/table`
      for (const token of ['', 'guess']) {
        const headers = { host: 'changeover-shop', 'x-changeover-token': token }
        const response = await fetch(address, { method: 'PUT', body: 'end\n', headers })
        expect(response.status).toBe(403)
      }
      expect(await router.observe('shop')).toEqual(before)
    })

    it('counts a request whose body is still being sent as one in flight', async () => {
      const { router, url } = nginx('lua')
      await expectInForce(router, table([[v1!, 10_000]]))
      const body = new TransformStream<Uint8Array, Uint8Array>()
      const writer = body.writable.getWriter()
      const asked = fetch(url, {
        method: 'POST',
        body: body.readable,
        duplex: 'half',
      })
      void writer.write(Buffer.from('half of it'))
      await delay(100)
      await expectInForce(router, table([[v2!, 10_000]]))
      expect(await router.drain('shop', ['v1-1'], { deadline: 50 })).toMatchObject({
        drained: false,
        inFlight: 1,
      })
      await writer.close()
      expect(await (await asked).text()).toBe('v1')
      expect(await router.drain('shop', ['v1-1'], { deadline: LONG_MS })).toMatchObject({
        drained: true,
        inFlight: 0,
      })
    })
  })

  describe.skipIf(!programs)('in mode file', () => {
    it('flips between two releases without a new worker, there and back', async () => {
      const { router, url } = nginx('file')
      await expectInForce(
        router,
        table([
          [v1!, 10_000],
          [v2!, 0],
        ]),
      )
      const before = workers('file')
      for (const leader of [v2!, v1!, v2!]) {
        const pools = [v1!, v2!].map((one) => [one, one === leader ? 10_000 : 0] as const)
        await expectInForce(router, table(pools))
        expect(await answerOf(url)).toBe(leader.release)
      }
      expect(workers('file')).toEqual(before)
    })

    it('costs no request when it flips fifty times under load', async () => {
      const { router, url } = nginx('file')
      await expectInForce(
        router,
        table([
          [v1!, 10_000],
          [v2!, 0],
        ]),
      )
      await using load = openLoopLoad({ url, rate: 300 })
      for (let i = 0; i < 50; i += 1) {
        const leads = i % 2 === 0 ? v2! : v1!
        await expectInForce(
          router,
          table([v1!, v2!].map((one) => [one, one === leads ? 10_000 : 0] as const)),
        )
      }
      const { dropped, sent, failures } = await load.stop()
      expect({ dropped, failures }).toEqual({ dropped: 0, failures: [] })
      expect(sent).toBeGreaterThan(50)
    })

    it('knows an instance to be drained when the last connection to it has closed', async () => {
      const { router, url } = nginx('file')
      await expectInForce(
        router,
        table([
          [v1!, 10_000],
          [v2!, 0],
        ]),
      )
      v1!.hold()
      const answer = answerOf(`${url}/held`)
      await v1!.held()
      await expectInForce(
        router,
        table([
          [v1!, 0],
          [v2!, 10_000],
        ]),
      )
      expect(await router.drain('shop', ['v1-1'], { deadline: 50 })).toMatchObject({
        drained: false,
        inFlight: 'unknown',
      })
      v1!.letGo()
      expect(await router.drain('shop', ['v1-1'], { deadline: LONG_MS })).toMatchObject({
        drained: true,
        inFlight: 0,
      })
      expect(await answer).toBe('v1')
    })

    it('leaves one flag behind, whatever came before', async () => {
      const { router, directory } = nginx('file')
      for (const leader of [v1!, v2!, v1!]) await expectInForce(router, table([[leader, 10_000]]))
      await router.drain('shop', ['v2-1'], { deadline: LONG_MS })
      await expectInForce(router, table([[v2!, 10_000]]))
      await delay(300)
      await expectInForce(router, table([[v1!, 10_000]]))
      const flags = readdirSync(directory).filter((name) => name.endsWith('.switch'))
      expect(flags.length).toBeLessThanOrEqual(2)
    })
  })

  describe.skipIf(!programs)('in mode reload', () => {
    const expectRefused = async (words: RegExp): Promise<Receipt> => {
      const { router, url, directory } = nginx('reload')
      const file = join(directory, 'shop.conf')
      const [before, text] = [await router.observe('shop'), readFileSync(file, 'utf8')]
      const receipt = await router.apply(table([[v2!, 10_000]]))
      expect(receipt).toMatchObject({ outcome: 'rejected', reason: expect.stringMatching(words) })
      expect(readFileSync(file, 'utf8')).toBe(text)
      expect(await router.observe('shop')).toEqual(before)
      expect(await answerOf(url)).toBe('v1')
      return receipt
    }
    /** Changes the user's own configuration for the time of `work`. */
    const withLine = async (line: string, work: () => Promise<unknown>): Promise<void> => {
      const { configFile } = nginx('reload')
      const text = readFileSync(configFile, 'utf8')
      writeFileSync(configFile, text.replace('http {', `http {\n${line}`))
      try {
        await work()
      } finally {
        writeFileSync(configFile, text)
      }
    }

    it('says in the words of nginx what is wrong with the rest of the configuration', async () => {
      await expectInForce(nginx('reload').router, table([[v1!, 10_000]]))
      await withLine('nonsense;', () => expectRefused(/unknown directive "nonsense"/))
    })

    it('notices a port that is taken, which the test of a configuration does not', async () => {
      const { port } = new URL(`http://${v2!.instances[0]!.address}`)
      await expectInForce(nginx('reload').router, table([[v1!, 10_000]]))
      const server = `server { listen 127.0.0.1:${port}; }`
      await withLine(server, () => expectRefused(/could not bind.*Address already in use/))
      await expectInForce(nginx('reload').router, table([[v2!, 10_000]]))
    })

    it('refuses a host that is not found, and says so', async () => {
      const { router } = nginx('reload')
      await expectInForce(router, table([[v1!, 10_000]]))
      const next = table([
        [{ ...v2!, instances: [{ id: 'v2-1', address: 'no-such-host.invalid:80' }] }, 10_000],
      ])
      expect(await router.apply(next)).toMatchObject({
        outcome: 'rejected',
        reason: expect.stringContaining('host not found'),
      })
    })

    it('does not add workers beside too many that still answer', async () => {
      const one = await start('reload', { maxOldWorkers: 1, reloadTimeout: 1_500 })
      v1!.hold()
      await expectInForce(one.router, table([[v1!, 10_000]]))
      const answer = answerOf(`${one.url}/held`)
      await v1!.held()
      await expectInForce(one.router, table([[v2!, 10_000]]))
      const next = table([
        [v1!, 5_000],
        [v2!, 5_000],
      ])
      expect(await one.router.apply(next)).toMatchObject({
        outcome: 'rejected',
        reason: expect.stringContaining('old workers'),
      })
      v1!.letGo()
      expect(await answer).toBe('v1')
      await expectInForce(one.router, next)
      await one.close()
    })

    it('reports a restart to who watches', async () => {
      const { router, restart } = nginx('reload')
      await expectInForce(router, table([[v1!, 10_000]]))
      const heard: string[] = []
      const unwatch = router.watch('shop', (drift) => void heard.push(...drift))
      await restart()
      while (!heard.includes('nginx was restarted')) await delay(20)
      unwatch()
      expect(await router.observe('shop')).toMatchObject({ revision: last, drift: [] })
    })

    it('has no word with another program that has the pid of nginx now', async () => {
      const { router, options } = nginx('reload')
      renameSync(options.pidFile!, `${options.pidFile}.aside`)
      writeFileSync(options.pidFile!, `${process.pid}\n`)
      expect(await router.apply(table([[v2!, 10_000]]))).toMatchObject({ outcome: 'unreachable' })
      await expect(router.observe('shop')).rejects.toMatchObject({
        code: 'CHANGEOVER_NGINX_UNREACHABLE',
      })
      renameSync(`${options.pidFile}.aside`, options.pidFile!)
    })
  })

  describe.skipIf(!programs).each(MODES)('in mode %s', (mode) => {
    it('changes nothing when it is prepared again', async () => {
      const { router, directory } = nginx(mode)
      await expectInForce(router, table([[v1!, 10_000]]))
      const files = () =>
        Object.fromEntries(
          readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
        )
      const before = files()
      await nginxRouter(nginx(mode).options).prepare()
      expect(files()).toEqual(before)
    })

    it('passes an instance over that cannot be reached, for a POST too', async () => {
      const { router, url } = nginx(mode)
      const dead = { id: 'v1-dead', address: '127.0.0.1:1' }
      await expectInForce(
        router,
        table([[{ ...v1!, instances: [dead, ...v1!.instances] }, 10_000]]),
      )
      for (const method of ['GET', 'POST', 'GET', 'POST', 'PUT', 'PUT']) {
        const response = await fetch(url, { method })
        expect([method, response.status, await response.text()]).toEqual([method, 200, 'v1'])
      }
    })

    it('says that a directory which is gone cannot be written', async () => {
      const { router, directory } = nginx(mode)
      renameSync(directory, `${directory}.aside`)
      const receipt = await router.apply(table([[v2!, 10_000]]))
      renameSync(`${directory}.aside`, directory)
      expect(receipt).toMatchObject({
        outcome: 'rejected',
        reason: expect.stringContaining('cannot be written'),
      })
    })

    it('refuses a rule by a header that nginx does not see', async () => {
      const rules = [{ release: 'v1', header: 'x.dotted' }]
      const refused = nginx(mode).router.apply(table([[v1!, 10_000]], { rules }))
      await expect(refused).rejects.toMatchObject({ code: 'CHANGEOVER_ROUTER_NOT_REPRESENTABLE' })
    })

    it('leaves the lock of nobody behind, and takes over that of a process that is gone', async () => {
      const { router, directory } = nginx(mode)
      const lock = join(directory, 'shop.lock')
      writeFileSync(lock, JSON.stringify({ pid: 999_999_999, startedAt: '1', token: 'x' }))
      await expectInForce(router, table([[v1!, 10_000]]))
      expect(readdirSync(directory)).not.toContain('shop.lock')
    })
  })
})

describe('an adapter', () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-nginx-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const options = {
    mode: 'reload',
    directory,
    services: { shop: {} },
    control: { port: 1 },
    pidFile: join(directory, 'pid'),
  } as const

  it('that is closed does nothing more, however often it is closed', async () => {
    const router = nginxRouter(options)
    router.watch('shop', () => undefined)
    expect(router.close()).toBe(router.close())
    await router[Symbol.asyncDispose]()
    const empty = { service: 'shop', revision: 1, fence: 1, pools: [] }
    expect(await router.apply(empty)).toMatchObject({ outcome: 'unreachable' })
    await expect(router.observe('shop')).rejects.toMatchObject({ code: 'CHANGEOVER_NGINX_CLOSED' })
    await expect(router.prepare()).rejects.toMatchObject({ code: 'CHANGEOVER_NGINX_CLOSED' })
  })

  it('is closed by its signal', async () => {
    const controller = new AbortController()
    const router = nginxRouter({ ...options, signal: controller.signal })
    controller.abort()
    await expect(router.probe()).rejects.toMatchObject({ code: 'CHANGEOVER_NGINX_CLOSED' })
  })

  it('knows its services, and says so of others', async () => {
    await using router = nginxRouter(options)
    const asked = router.drain('shpo', [], { deadline: 1 })
    await expect(asked).rejects.toMatchObject({ code: 'CHANGEOVER_NGINX_SERVICE_UNKNOWN' })
    expect(await router.apply({ service: 'shpo', revision: 1, fence: 1, pools: [] })).toMatchObject(
      { outcome: 'rejected' },
    )
  })

  it('that cannot write its files says where', async () => {
    writeFileSync(join(directory, 'file'), '')
    const router = nginxRouter({ ...options, directory: join(directory, 'file') })
    await expect(router.prepare()).rejects.toMatchObject({ code: 'CHANGEOVER_NGINX_FILES_FAILED' })
  })

  it('does not mix the files of two modes', async () => {
    await nginxRouter(options).prepare()
    const other = nginxRouter({ ...options, mode: 'file' })
    await expect(other.prepare()).rejects.toThrow('files of mode "reload"')
  })

  it.each([
    ['mode', { mode: 'restart' }],
    ['directory', { directory: 'relative' }],
    ['directory', { directory: '/tmp/a; include /etc/passwd' }],
    ['services', { services: {} }],
    ['services.Shop', { services: { Shop: {} } }],
    ['services', { services: { 'a-b': {}, a_b: {} } }],
    ['services.shop.idleConnections', { services: { shop: { idleConnections: -1 } } }],
    ['control.port', { control: { port: 0 } }],
    ['control.host', { control: { port: 9_180, host: '0.0.0.0' } }],
    ['maxOldWorkers', { maxOldWorkers: 0 }],
    ['reloadTimeout', { reloadTimeout: 0 }],
    ['surprise', { surprise: 1 }],
  ])('refuses a mistake in %s before it touches anything', (field, mistake) => {
    const make = (): unknown => nginxRouter({ ...options, ...mistake } as never)
    expect(make).toThrow(
      expect.objectContaining({
        code: 'CHANGEOVER_OPTION_INVALID',
        details: expect.objectContaining({ field }),
      }),
    )
  })
})
