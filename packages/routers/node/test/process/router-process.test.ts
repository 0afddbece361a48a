import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { RouteTable } from '@changeover/engine'
import { describe, expect, it } from 'vitest'
import { backend, named } from '../backends.ts'
import { ask, keepAlive } from '../clients.ts'
import { table } from '../shop.ts'
import { adapter, beingStarted, holderOf, lives, news, routerDirectory } from './bench.ts'

const owner = fileURLToPath(new URL('../fixtures/router-owner.mjs', import.meta.url))

describe('A router process', () => {
  it('outlives the engine that started it, and the next one finds it with its table', async () => {
    const directory = routerDirectory()
    const v1 = await named('v1')
    const first = table({ releases: { v1: [v1.address] }, revision: 3, fence: 2 })
    const { url, pid } = await killedOwner(directory, first)
    expect((await ask(url)).body).toBe('v1')
    const router = adapter(directory)
    expect(await router.listen()).toEqual({ shop: url })
    expect(router.pid()).toBe(pid)
    expect(await router.observe('shop')).toMatchObject({ revision: 3, fence: 2, table: first })
    const late = await router.apply({ ...first, revision: 9, fence: 1 })
    expect(late).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('fence 1') })
    await router.shutdown()
  })

  it('serves two adapters, which hear of each other’s tables and not of their own', async () => {
    const directory = routerDirectory()
    const v1 = await named('v1')
    const [one, other] = [adapter(directory), adapter(directory)]
    await Promise.all([one.listen(), other.listen()])
    expect(other.pid()).toBe(one.pid())
    const [heardByOne, heardByOther] = [news(one), news(other)]
    const next = table({ releases: { v1: [v1.address] } })
    expect(await one.apply(next)).toMatchObject({ outcome: 'applied' })
    await heardByOther.until(/revision 1 under fence 1/)
    expect(await other.apply(next), 'the same table changes nothing').toMatchObject({
      outcome: 'applied',
    })
    expect((await other.apply({ ...next, revision: 2 })).outcome).toBe('applied')
    await heardByOne.until(/revision 2/)
    expect([heardByOne.told.length, heardByOther.told.length]).toEqual([1, 1])
    await one.shutdown()
  })

  it('is one for a directory, however many adapters start it at once', async () => {
    const directory = routerDirectory()
    const adapters = Array.from({ length: 4 }, () => adapter(directory))
    const urls = await Promise.all(adapters.map((one) => one.listen()))
    expect(new Set(urls.map(({ shop }) => shop)).size).toBe(1)
    expect(new Set(adapters.map((one) => one.pid()))).toEqual(new Set([holderOf(directory)]))
    await adapters[0]?.shutdown()
  })

  it('is refused to an adapter with other options until it was shut down', async () => {
    const directory = routerDirectory()
    const router = adapter(directory)
    await router.listen()
    const changed = adapter(directory, { limits: { inFlight: 7 } })
    await expect(changed.listen()).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_PROCESS_DIFFERS',
      message: expect.stringContaining(`router process ${router.pid()} in ${directory}`),
    })
    const { outcome } = await changed.apply(table({ releases: { v1: ['127.0.0.1:9'] } }))
    expect(outcome).toBe('unreachable')
    const heard = news(router)
    const before = router.url('shop')
    await changed.shutdown()
    await heard.until(/was stopped/)
    expect(await changed.listen(), 'the same port again').toEqual({ shop: before })
    await changed.shutdown()
  })

  it('lets requests end when SIGTERM comes, tells its adapters, and stays down', async () => {
    const directory = routerDirectory()
    const held = await heldBackend()
    const router = adapter(directory)
    const { shop = '' } = await router.listen()
    await router.apply(table({ releases: { v1: [held.address] } }))
    const heard = news(router)
    const answer = ask(shop)
    await held.asked
    const pid = router.pid() ?? 0
    process.kill(pid, 'SIGTERM')
    await held.refusesNew(shop)
    held.release()
    expect((await answer).body).toBe('late')
    await heard.until(/was stopped: nothing is served/)
    expect(
      await router.apply(table({ releases: { v1: [held.address] }, revision: 2 })),
    ).toMatchObject({
      outcome: 'unreachable',
      reason: expect.stringContaining('was stopped'),
    })
    await expect(router.observe('shop')).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_UNREACHABLE',
    })
    expect(await router.listen()).toEqual({ shop })
    expect((await router.observe('shop')).revision).toBe(1)
    await router.shutdown()
    expect(holderOf(directory)).toBeUndefined()
  })

  it('that is frozen when it is asked to stop is told of, instead of waited for without end', async () => {
    const directory = routerDirectory()
    const router = adapter(directory, { timeouts: { close: '200ms' }, callTimeout: '500ms' })
    await router.listen()
    process.kill(router.pid() ?? 0, 'SIGSTOP')
    await expect(router.shutdown()).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_PROCESS_STUCK',
      message: expect.stringContaining('within 700 ms'),
    })
  })

  it('that is frozen before its first word is given up and killed', async () => {
    const directory = routerDirectory()
    const router = adapter(directory, { callTimeout: '1s' })
    const listening = router.listen()
    const frozen = await beingStarted(directory)
    process.kill(frozen, 'SIGSTOP')
    await expect(listening).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_PROCESS_FAILED',
      message: expect.stringContaining('said nothing within 1000 ms'),
    })
    await expect.poll(() => lives(frozen)).toBe(false)
  })

  it('is started again where it was killed, on its port, with its table, and its watchers hear of both', async () => {
    const directory = routerDirectory()
    const v1 = await named('v1')
    const router = adapter(directory)
    const { shop = '' } = await router.listen()
    await router.apply(table({ releases: { v1: [v1.address] }, revision: 4, fence: 3 }))
    const heard = news(router)
    const receipt = { service: 'shop', revision: 4, outcome: 'applied' } as const
    process.kill(router.pid() ?? 0, 'SIGKILL')
    await heard.until(/ended unexpectedly/)
    const refused = await router.apply(
      table({ releases: { v1: [v1.address] }, revision: 5, fence: 3 }),
    )
    expect(refused.outcome).toBe('unreachable')
    const proof = await router.converge(receipt, { deadline: 20_000 })
    expect(proof, 'a wait goes on through the restart').toMatchObject({
      converged: true,
      revision: 4,
    })
    expect(heard.told.at(-1)).toMatch(/serves the last tables again/)
    expect((await ask(shop)).body).toBe('v1')
    await router.shutdown()
  })

  it('stays down where restart is never, and comes back with listen()', async () => {
    const directory = routerDirectory()
    const router = adapter(directory, { restart: 'never' })
    const { shop } = await router.listen()
    const heard = news(router)
    process.kill(router.pid() ?? 0, 'SIGKILL')
    await heard.until(/ended unexpectedly: nothing is served/)
    expect(router.pid()).toBeUndefined()
    const gone = { service: 'shop', revision: 1, outcome: 'applied' } as const
    expect(await router.converge(gone, { deadline: 60_000 })).toMatchObject({ converged: false })
    expect(await router.drain('shop', ['v1-1'], { deadline: 60_000 })).toMatchObject({
      drained: false,
      inFlight: 'unknown',
    })
    expect(await router.listen()).toEqual({ shop })
    await router.shutdown()
  })

  it('is given up when it cannot be started so many times in a row, and says why', async () => {
    const directory = routerDirectory()
    const taken = await named('somebody else')
    const port = Number(taken.address.split(':')[1])
    const router = adapter(directory, { restart: { attempts: 2, backOff: 1 } })
    await router.listen()
    const heard = news(router)
    const state = join(directory, 'routes.json')
    process.kill(router.pid() ?? 0, 'SIGKILL')
    // A new one finds its file damaged.
    writeFileSync(state, '{}')
    await heard.until(/not started again/)
    expect(heard.told.at(-1)).toContain('cannot be trusted')
    rmSync(state)
    const busy = adapter(routerDirectory(), { listeners: { shop: { port } } })
    await expect(busy.listen()).rejects.toMatchObject({ code: 'CHANGEOVER_ROUTER_LISTEN_FAILED' })
  })

  it('rejects a table that it cannot write down, and goes on with the one in force', async () => {
    const directory = routerDirectory()
    const v1 = await named('v1')
    const router = adapter(directory)
    await router.listen()
    await router.apply(table({ releases: { v1: [v1.address] } }))
    mkdirSync(join(directory, 'routes.json.tmp'))
    const next = table({ releases: { v1: [v1.address] }, revision: 2 })
    expect(await router.apply(next)).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('could not be written'),
    })
    expect((await router.observe('shop')).revision).toBe(1)
    rmSync(join(directory, 'routes.json.tmp'), { recursive: true })
    expect((await router.apply(next)).outcome).toBe('applied')
    await router.shutdown()
  })

  it.each([
    ['torn', (text: string) => text.slice(0, -20)],
    ['altered', (text: string) => text.replace('10000', '10001')],
    ['of something else', () => '{"tables":{}}'],
    ['empty', () => ''],
  ])('refuses to start on a state file that is %s', async (_, damage) => {
    const directory = routerDirectory()
    const router = adapter(directory)
    await router.listen()
    await router.apply(table({ releases: { v1: ['127.0.0.1:9'] } }))
    await router.shutdown()
    const path = join(directory, 'routes.json')
    writeFileSync(path, damage(readFileSync(path, 'utf8')))
    await expect(adapter(directory).listen()).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_STATE_UNREADABLE',
      message: expect.stringContaining(path),
    })
    expect(holderOf(directory)).toBeUndefined()
  })

  it('has an empty environment, a private directory, and a socket that only its user can reach', async () => {
    const directory = join(routerDirectory(), 'made')
    const router = adapter(directory)
    await router.listen()
    const mode = (name: string): number => statSync(join(directory, name)).mode & 0o777
    expect([mode('.'), mode('router.sock'), mode('routes.json'), mode('router.log')]).toEqual([
      0o700, 0o600, 0o600, 0o600,
    ])
    expect(readFileSync(`/proc/${router.pid()}/environ`, 'utf8')).toBe('')
    await router.shutdown()
  })

  it('leaves nothing of an adapter that was closed, and refuses its calls', async () => {
    const directory = routerDirectory()
    const router = adapter(directory)
    await router.listen()
    const pid = router.pid() ?? 0
    const waiting = router.drain('shop', ['x'], { deadline: 60_000 })
    await waiting
    expect(router.close()).toBe(router.close())
    await router.close()
    expect(await router.apply(table({ releases: { v1: ['127.0.0.1:9'] } }))).toMatchObject({
      outcome: 'unreachable',
      reason: 'the router is closed',
    })
    await expect(router.observe('shop')).rejects.toMatchObject({ code: 'CHANGEOVER_ROUTER_CLOSED' })
    await expect(router.listen()).rejects.toMatchObject({ code: 'CHANGEOVER_ROUTER_CLOSED' })
    expect(lives(pid), 'the process serves on').toBe(true)
    await router.shutdown()
    expect(holderOf(directory)).toBeUndefined()
  })

  it('is indeterminate, late or unreachable while it stands still, and nobody waits longer than asked', async () => {
    const directory = routerDirectory()
    const router = adapter(directory, { callTimeout: '1s' })
    await router.listen()
    const pid = router.pid() ?? 0
    const next = table({ releases: { v1: ['127.0.0.1:9'] } })
    process.kill(pid, 'SIGSTOP')
    const receipt = await router.apply(next)
    expect(receipt).toMatchObject({ outcome: 'indeterminate', reason: 'no answer in time' })
    const proof = await router.converge({ ...receipt, outcome: 'applied' }, { deadline: 10 })
    expect(proof).toMatchObject({ converged: false, level: 'accepted' })
    const calls = [router.observe('shop'), adapter(directory, { callTimeout: '1s' }).listen()]
    const refused = await Promise.allSettled(calls)
    expect(refused.map((one) => one.status === 'rejected' && one.reason.code)).toEqual([
      'CHANGEOVER_ROUTER_UNREACHABLE',
      'CHANGEOVER_ROUTER_PROCESS_FAILED',
    ])
    process.kill(pid, 'SIGCONT')
    expect((await router.apply(next)).outcome).toBe('applied')
    await router.shutdown()
  })

  it('breaks a wait off as soon as its signal aborts, in the process too', async () => {
    const directory = routerDirectory()
    const held = await heldBackend()
    const router = adapter(directory)
    const { shop = '' } = await router.listen()
    await router.apply(table({ releases: { v1: [held.address] } }))
    const answer = ask(shop, { agent: keepAlive() })
    await held.asked
    const reason = new Error('enough')
    const gone = new AbortController()
    const waiting = router.drain('shop', ['v1-1'], { deadline: 600_000, signal: gone.signal })
    gone.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    held.release()
    await answer
    await router.shutdown()
  })
})

interface Owned {
  readonly url: string
  readonly pid: number
}

/** What an engine leaves that was killed right after it had put a table in force. */
async function killedOwner(directory: string, first: RouteTable): Promise<Owned> {
  const child = spawn(process.execPath, [owner, directory, JSON.stringify(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(child.stdout), 'line')
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  return JSON.parse(String(line))
}

/** A backend that holds its answers back until `release` is called. */
async function heldBackend() {
  let release = (): void => {}
  let askedOnce = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const asked = new Promise<void>((resolve) => {
    askedOnce = resolve
  })
  const { address } = await backend((_request, response) => {
    askedOnce()
    void released.then(() => response.end('late'))
  })
  return {
    address,
    asked,
    release,
    /** Resolves when the router at `url` accepts no connection any more. */
    async refusesNew(url: string): Promise<void> {
      for (;;) {
        const refused = await fetch(url, { signal: AbortSignal.timeout(50) }).then(
          () => false,
          (error: unknown) =>
            String((error as Error & { cause?: unknown }).cause).includes('ECONNREFUSED'),
        )
        if (refused) return
      }
    },
  }
}
