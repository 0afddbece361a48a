import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { once } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import {
  createMark,
  eventually,
  freePorts,
  printed,
  requestOf,
  temporaryDirectory,
  testFleet,
} from './fleet-under-test.ts'

async function environmentOf(address: string): Promise<Record<string, string>> {
  const response = await eventually('an answer', () =>
    fetch(`http://${address}/env`).catch(() => undefined),
  )
  return (await response.json()) as Record<string, string>
}

describe('a launched instance', () => {
  test('listens where PORT and HOST say, and becomes ready', async () => {
    const fleet = testFleet()
    const instance = await fleet.launch(requestOf('server', createMark()))

    const env = await environmentOf(instance.address)

    expect(instance).toEqual({
      id: 'shop-1',
      service: 'shop',
      release: 'r1',
      address: `${env['HOST']}:${env['PORT']}`,
    })
    expect(await fleet.probe(instance)).toEqual({ ready: true })
    expect(Number(env['PORT'])).toBeGreaterThanOrEqual(20_000)
    expect(Number(env['PORT'])).toBeLessThanOrEqual(29_999)
  })

  test('knows what it is, and gets nothing of the owner but what was named', async () => {
    vi.stubEnv('OWNER_SECRET', 'hidden')
    vi.stubEnv('DATABASE_URL', 'postgres://…')
    const mark = createMark()
    const request = requestOf('server', mark, {
      env: { COLOUR: 'green' },
      inherit: ['DATABASE_URL'],
    })

    const { address } = await testFleet().launch(request)

    const env = await environmentOf(address)
    const always = new Set(['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'NODE_ENV', 'TMPDIR'])
    const own = Object.fromEntries(Object.entries(env).filter(([name]) => !always.has(name)))
    expect(own).toEqual({
      HOST: '127.0.0.1',
      PORT: address.split(':')[1],
      CHANGEOVER_SERVICE: 'shop',
      CHANGEOVER_RELEASE: 'r1',
      CHANGEOVER_VERSION: '2.4.0',
      CHANGEOVER_INSTANCE: 'shop-1',
      CHANGEOVER_TOKEN: expect.any(String) as string,
      CHANGEOVER_NOTICE: '0',
      TEST_MARK: mark.value,
      COLOUR: 'green',
      DATABASE_URL: 'postgres://…',
    })
    vi.unstubAllEnvs()
  })

  test('is the same one when launched again, one after the other or at the same time', async () => {
    const fleet = testFleet()
    const mark = createMark()
    const request = requestOf('server', mark)

    const together = await Promise.all([fleet.launch(request), fleet.launch(request)])
    const again = await fleet.launch(request)

    expect(together).toEqual([again, again])
    expect(mark.processes()).toHaveLength(1)
  })

  test('is started anew where it has ended', async () => {
    const fleet = testFleet()
    const mark = createMark()
    const request = requestOf('server', mark)
    const first = await fleet.launch(request)
    await fleet.stop(first, { deadline: 5000 })

    await fleet.launch(request)

    expect(mark.processes()).toHaveLength(1)
    expect(await fleet.list('shop')).toHaveLength(1)
  })

  test('is started anew where the one under this id is being stopped, once that has ended', async () => {
    const fleet = testFleet()
    const mark = createMark()
    const request = requestOf('stubborn', mark)
    const first = await fleet.launch(request)
    await printed(fleet, 'shop-1', 'both up')
    const before = mark.processes()

    const stopping = fleet.stop(first, { deadline: 500 })
    await printed(fleet, 'shop-1', 'no')
    const launching = fleet.launch(request)

    expect(await stopping).toMatchObject({ graceful: false })
    expect(await launching).toMatchObject({ id: 'shop-1' })
    await printed(fleet, 'shop-1', 'both up')
    expect(mark.processes()).toHaveLength(2)
    expect(mark.processes()).not.toContainEqual(before[0])
    expect(await fleet.list('shop')).toEqual([await launching])
    await fleet.stop(first, { deadline: 0 })
  })

  test('never answers for another release under the same id', async () => {
    const fleet = testFleet()
    const mark = createMark()
    await fleet.launch(requestOf('server', mark))

    await expect(fleet.launch(requestOf('server', mark, { release: 'r2' }))).rejects.toMatchObject({
      code: 'CHANGEOVER_PROCESS_INSTANCE_TAKEN',
    })
  })

  test('gets a port of its own, past those that others listen on', async () => {
    const ports = await freePorts(5)
    const others = await Promise.all(
      [ports.from + 1, ports.from + 3].map(async (port) => {
        const server = createServer().listen(port, '127.0.0.1')
        await once(server, 'listening')
        return server
      }),
    )
    const fleet = testFleet({ ports })
    const mark = createMark()

    const instances = await Promise.all(
      ['a', 'b', 'c'].map((id) => fleet.launch(requestOf('server', mark, { id }))),
    )

    expect(new Set(instances.map(({ address }) => address))).toEqual(
      new Set([0, 2, 4].map((n) => `127.0.0.1:${ports.from + n}`)),
    )
    await expect(fleet.launch(requestOf('server', mark, { id: 'd' }))).rejects.toMatchObject({
      code: 'CHANGEOVER_LAUNCH_FAILED',
      message: expect.stringContaining(
        `no port from ${ports.from} to ${ports.to} is free`,
      ) as string,
    })
    others.forEach((server) => server.close())
  })
})

describe('a launch that cannot be', () => {
  const withSpec = (spec: unknown) => {
    const request = requestOf('server', createMark())
    return { ...request, release: { ...request.release, spec } }
  }

  test('rejects for a command that does not exist, and leaves nothing', async () => {
    const directory = temporaryDirectory()
    const fleet = testFleet({ directory })

    await expect(fleet.launch(withSpec({ command: ['no-such-command'] }))).rejects.toMatchObject({
      code: 'CHANGEOVER_LAUNCH_FAILED',
      message: expect.stringContaining('spawn no-such-command ENOENT') as string,
      cause: expect.objectContaining({ code: 'ENOENT' }) as Error,
    })
    expect(await fleet.list('shop')).toEqual([])
    expect(readdirSync(join(directory, 'instances'))).toEqual([])
  })

  test('blames the directory, not the command, where that is what is missing', async () => {
    const spec = { command: [process.execPath], cwd: '/no/such/directory' }

    await expect(testFleet().launch(withSpec(spec))).rejects.toThrow(
      'spec.cwd "/no/such/directory" is not a directory',
    )
  })

  test('says that the host is not one of this machine', async () => {
    const fleet = testFleet({ host: '192.0.2.1' })

    await expect(fleet.launch(withSpec({ command: [process.execPath] }))).rejects.toThrow(
      'cannot listen on host "192.0.2.1"',
    )
  })

  test('uses no shell', async () => {
    const fleet = testFleet()

    await expect(fleet.launch(withSpec({ command: ['echo hello; true'] }))).rejects.toMatchObject({
      code: 'CHANGEOVER_LAUNCH_FAILED',
    })
  })

  test('is refused for an engine that no longer leads', async () => {
    const fleet = testFleet()
    const mark = createMark()
    await fleet.launch({ ...requestOf('server', mark), fence: 7 })

    const stale = { ...requestOf('server', mark, { id: 'shop-2' }), fence: 6 }

    await expect(fleet.launch(stale)).rejects.toMatchObject({ code: 'CHANGEOVER_FENCE_STALE' })
    expect(mark.processes()).toHaveLength(1)
  })

  test('leaves an instance alone that an engine wants stopped which no longer leads', async () => {
    const fleet = testFleet()
    const mark = createMark()
    const instance = await fleet.launch({ ...requestOf('server', mark), fence: 7 })

    await expect(fleet.stop(instance, { deadline: 5000, fence: 6 })).rejects.toMatchObject({
      code: 'CHANGEOVER_FENCE_STALE',
    })
    expect(mark.processes()).toHaveLength(1)
    await fleet.stop(instance, { deadline: 5000, fence: 7 })
    expect(mark.processes()).toEqual([])
  })

  test('starts nothing where its signal was aborted before', async () => {
    const mark = createMark()
    const signal = AbortSignal.abort(new Error('changed my mind'))

    await expect(testFleet().launch(requestOf('server', mark), { signal })).rejects.toThrow(
      'changed my mind',
    )
    expect(mark.processes()).toEqual([])
  })
})

test('output goes to a log file where there is a directory', async () => {
  const directory = temporaryDirectory()
  const fleet = testFleet({ directory })
  const instance = await fleet.launch(requestOf('server', createMark(), { id: '../shop/1' }))
  await eventually('readiness', async () => (await fleet.probe(instance)).ready)

  const report = await fleet.stop(instance, { deadline: 5000 })

  expect(readdirSync(join(directory, 'logs', 'shop'))).toEqual(['%2E%2E%2Fshop%2F1.log'])
  const log = readFileSync(join(directory, 'logs', 'shop', '%2E%2E%2Fshop%2F1.log'), 'utf8')
  expect(log).toBe('listening\nstopping\n')
  expect(report.output).toBe('listening\nstopping')
})

test('neither values of variables nor the command are written to disk', async () => {
  const directory = temporaryDirectory()
  const mark = createMark()
  await testFleet({ directory }).launch(requestOf('server', mark, { env: { KEY: 'top-secret' } }))

  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))

  expect(texts.some((text) => text.includes('"shop-1"'))).toBe(true)
  expect(texts.filter((text) => /top-secret|server\.mjs/.test(text))).toEqual([])
})
