import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { haproxyRouter, type HaproxyRouter } from '@changeover/router-haproxy'
import { fakeRuntime, type FakeRuntime, PROMPT, type Reply } from './runtime-faker.ts'
import { pool, table } from './route-table-maker.ts'

const cleanups: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of cleanups.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

const hello = new Set(['prompt', 'experimental-mode on'])

test.each<[what: string, reply: Reply]>([
  ['says nothing', () => undefined],
  ['hangs up at once', (_, socket) => void socket.destroy()],
  ['hangs up in the middle of a reply', (line, socket) => cut(line, socket)],
])('a socket that %s is unreachable, and no promise hangs', async (_, reply) => {
  const { router, runtime } = await attached(reply)
  expect(await router.apply(table(1, pool('v1', 10_000)))).toMatchObject({ outcome: 'unreachable' })
  await expect(router.observe('shop')).rejects.toMatchObject({
    code: 'CHANGEOVER_HAPROXY_UNREACHABLE',
  })
  const receipt = { service: 'shop', revision: 1, outcome: 'applied' } as const
  const proof = await router.converge(receipt, { deadline: 20 })
  expect(proof).toMatchObject({ converged: false, level: 'accepted' })
  await router.close()
  await expect.poll(runtime.connections).toBe(0)
})

test.each<[what: string, reply: string]>([
  ['garbage', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['nothing', ''],
  ['yes', 'OK\n'],
])('a socket that answers everything with %s is not HAProxy', async (_, text) => {
  const { router } = await attached(() => `${text}${PROMPT}`)
  expect(await router.apply(table(1, pool('v1', 10_000)))).toMatchObject({ outcome: 'unreachable' })
  for (const ask of [
    () => router.probe(),
    () => router.observe('shop'),
    () => router.traffic('shop'),
  ])
    await expect(ask()).rejects.toMatchObject({ code: 'CHANGEOVER_HAPROXY_NOT_UNDERSTOOD' })
})

test('a reply that never ends is given up', async () => {
  const part = 'x'.repeat(1_000_000)
  const pour = (socket: Socket): void => {
    while (!socket.destroyed && socket.write(part));
    socket.once('drain', () => pour(socket))
  }
  const { router } = await attached((line, socket) => {
    if (hello.has(line)) return PROMPT
    pour(socket)
    return undefined
  }, '10s')
  await expect(router.probe()).rejects.toMatchObject({ code: 'CHANGEOVER_HAPROXY_NOT_UNDERSTOOD' })
})

test('a call whose signal is aborted ends with its reason, and leaves no connection', async () => {
  const { router, runtime } = await attached(() => undefined, '10m')
  const reason = new Error('enough')
  const controller = new AbortController()
  const { signal } = controller
  const asked = [
    router.probe({ signal }),
    router.observe('shop', { signal }),
    router.apply(table(1, pool('v1', 10_000)), { signal }),
  ]
  await expect.poll(runtime.connections).toBeGreaterThan(2)
  controller.abort(reason)
  for (const one of asked) await expect(one).rejects.toBe(reason)
  await expect.poll(runtime.connections).toBe(0)
})

test('a drain outlasts a HAProxy that hangs up for a moment, and says so of one that stays away', async () => {
  let looks = 0
  const { router } = await attached((line, socket) => {
    if (hello.has(line)) return PROMPT
    if (!line.startsWith('show stat')) return void socket.destroy()
    looks += 1
    if (looks < 3) return void socket.destroy()
    return `# pxname,svname,scur\nchangeover_shop..1,v1.2d1,2\nchangeover_shop..1,BACKEND,2\n${PROMPT}`
  })
  expect(await router.drain('shop', ['v1-1'], { deadline: 500 })).toMatchObject({ drained: false })
  expect(looks).toBeGreaterThan(3)
  const away = await attached((_, socket) => void socket.destroy())
  await expect(away.router.drain('shop', ['v1-1'], { deadline: 50 })).rejects.toMatchObject({
    code: 'CHANGEOVER_HAPROXY_UNREACHABLE',
  })
})

test('a closed adapter answers nobody, and closes once', async () => {
  const { router } = await attached(() => PROMPT)
  const closing = router.close()
  expect(router.close()).toBe(closing)
  await closing
  expect(await router.apply(table(1, pool('v1', 10_000)))).toMatchObject({ outcome: 'unreachable' })
  await expect(router.observe('shop')).rejects.toMatchObject({ code: 'CHANGEOVER_HAPROXY_CLOSED' })
})

test('a service that the adapter was not told of is refused by name', async () => {
  const { router } = await attached(() => PROMPT)
  expect(await router.apply({ ...table(1), service: 'blog' })).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringContaining('blog'),
  })
  expect(() => router.watch('blog', () => undefined)).toThrow(
    expect.objectContaining({ code: 'CHANGEOVER_HAPROXY_SERVICE_UNKNOWN' }),
  )
})

async function attached(
  reply: Reply,
  replyTimeout: string | number = 100,
): Promise<{ router: HaproxyRouter; runtime: FakeRuntime }> {
  const runtime = await fakeRuntime(reply)
  cleanups.push(runtime)
  const services = { shop: { bind: '127.0.0.1:1' } }
  const router = haproxyRouter({ socket: runtime.path, services, replyTimeout, lookEvery: 0 })
  cleanups.push(router)
  return { router, runtime }
}

function cut(line: string, socket: Socket): string | undefined {
  if (hello.has(line)) return PROMPT
  socket.end('Name: HAProxy\nVersion: 2.6.12\nPi')
  return undefined
}
