import { channel, hasSubscribers } from 'node:diagnostics_channel'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  ENTRY_CHANNEL,
  type JudgeLook,
  LOOK_CHANNEL,
  memoryRouter,
  memoryStore,
  type Router,
  type Store,
} from '@changeover/engine'
import { describe, expect, it } from 'vitest'
import { openWorld, withoutSending, type World } from './console-world.ts'
import { watchEvents, type Watching } from './watch-events.ts'

describe('The events of a rollout', () => {
  it('are every entry with its number, then the last view, then the end', async () => {
    await using world = await openWorld()
    const id = await deploy(world)
    const watching = await watch(world, id)
    await open(watching)
    await (await world.engine.rollout(id)).promote({ by: 'ann' })
    await watching.ended
    const ids = watching.events.filter(({ event }) => event === 'entry').map((one) => one.id)
    expect(ids).toEqual(ids.map((_, seq) => seq))
    const [view, end] = watching.events.slice(-2)
    expect(view).toMatchObject({ event: 'view', id: undefined, data: { status: 'promoted' } })
    expect(view?.data.seq).toBe(ids.at(-1))
    expect(end).toEqual({ event: 'end', id: undefined, data: { outcome: 'promoted' } })
  })

  it('go on exactly behind the entry that was seen last, by header or by address', async () => {
    await using world = await openWorld()
    const id = await deploy(world)
    await open(await watch(world, id))
    const first = async (watching: Watching): Promise<number | undefined> =>
      (await watching.until(({ event }) => event === 'entry')).id
    expect(await first(await watch(world, id, '?after=3'))).toBe(4)
    expect(await first(await watch(world, id, '?after=-1'))).toBe(0)
    expect(await first(await watch(world, id, '?after=3', 6))).toBe(7)
  })

  it('of a rollout that ended long ago are its whole journal', async () => {
    await using world = await openWorld()
    const id = await deploy(world)
    await (await world.engine.rollout(id)).promote({ by: 'ann' })
    await (
      await world.engine.rollout(id)
    ).finished
    const watching = await watch(world, id)
    await watching.ended
    expect(watching.events.at(-1)?.event).toBe('end')
    const again = await watch(world, id, '', Number(watching.events.findLast((e) => e.id)?.id))
    await again.ended
    expect(again.events.map(({ event }) => event)).toEqual(['view', 'end'])
  })

  it('tell what a judge has seen, and to those who come later what it saw last', async () => {
    await using world = await openWorld()
    const id = await deploy(world)
    const watching = await watch(world, id)
    await open(watching)
    const indicator = { indicator: 'errors', verdict: 'inconclusive', evidence: 3 } as const
    const look: JudgeLook = {
      rollout: id,
      service: 'shop',
      gate: 'judge',
      at: 1,
      indicators: [{ ...indicator, reason: 'x'.repeat(10_000) }],
    }
    channel(LOOK_CHANNEL).publish({ ...look, rollout: 'another' })
    channel(LOOK_CHANNEL).publish(look)
    for (const one of [watching, await watch(world, id)]) {
      const { data } = await one.until(({ event }) => event === 'look')
      expect(data).toMatchObject({ rollout: id, indicators: [indicator] })
      expect(data.indicators[0].reason.length).toBeLessThan(3_000)
    }
  })

  it('tell the traffic while somebody watches, and over a router that fails once', async () => {
    let asked = 0
    const router: Router = {
      ...memoryRouter(),
      async traffic() {
        asked += 1
        if (asked === 1) throw new Error('not now')
        return { v1: { total: asked, bad: 0 } }
      },
    }
    await using world = await openWorld({ router })
    const id = await deploy(world)
    const watching = await watch(world, id)
    const { data } = await watching.until(({ event }) => event === 'traffic')
    expect(data.releases.v1).toEqual({ total: 2, bad: 0 })
    watching.close()
    await unwatched()
    const before = asked
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(asked).toBe(before)
  })

  it('follow a rollout that another engine leads', async () => {
    const store = withoutSending(memoryStore())
    await using leader = await openWorld({ store })
    await using other = await openWorld({ store })
    const id = await deploy(leader)
    const watching = await watch(other, id)
    await open(watching)
    await (await leader.engine.rollout(id)).promote({ by: 'ann' })
    await watching.ended
    const ids = watching.events.filter(({ event }) => event === 'entry').map((one) => one.id)
    expect(ids).toEqual(ids.map((_, seq) => seq))
    expect(watching.events.at(-1)?.data).toEqual({ outcome: 'promoted' })
  })

  it('end where the journal cannot be read on, and go on where they ended once it can', async () => {
    const sound = withoutSending(memoryStore())
    let reads = 0
    const store: Store = {
      ...sound,
      async *read(id) {
        reads += 1
        // The engine looks first who leads it.
        const damaged = reads === 2
        for await (const entry of sound.read(id)) {
          if (damaged && entry.seq === 5) throw new Error('the disk is gone')
          yield entry
        }
      },
    }
    await using leader = await openWorld({ store: sound })
    await using other = await openWorld({ store })
    const id = await deploy(leader)
    await open(await watch(leader, id))
    const watching = await watch(other, id)
    await watching.ended
    const ids = watching.events.flatMap((one) => one.id ?? [])
    expect(ids).toEqual([0, 1, 2, 3, 4])
    expect(watching.comments).toEqual(['the journal could not be read on'])
    const again = await watch(other, id, '', ids.at(-1))
    expect((await again.until(({ event }) => event === 'entry')).id).toBe(5)
  })

  it('of a rollout that nobody knows are refused, and so is an entry that is no number', async () => {
    await using world = await openWorld()
    await expect(watch(world, 'nobody')).rejects.toThrow('CHANGEOVER_ROLLOUT_UNKNOWN')
    const id = await deploy(world)
    await expect(watch(world, id, '?after=x')).rejects.toThrow('CHANGEOVER_CONSOLE_BODY_INVALID')
    const headers = { 'last-event-id': 'x' }
    const refused = await world.ask(`/api/v1/rollouts/${id}/events`, { as: 'viewer', headers })
    expect(refused.status).toBe(400)
  })

  it('cost nothing once nobody watches', async () => {
    await using world = await openWorld()
    const id = await deploy(world)
    const watchers = [await watch(world, id), await watch(world, id)]
    const services = await watchEvents(`${world.url}/api/v1/events`, tokenOf(world))
    expect([hasSubscribers(LOOK_CHANNEL), hasSubscribers(ENTRY_CHANNEL)]).toEqual([true, true])
    for (const one of [...watchers, services]) one.close()
    await unwatched()
  })
})

describe('The events of the console', () => {
  it('are all services at once, and again after each change', async () => {
    await using world = await openWorld()
    const watching = await watchEvents(`${world.url}/api/v1/events`, tokenOf(world))
    const { data } = await watching.until(() => true)
    expect(data).toMatchObject([{ name: 'shop', rollbackTo: [] }])
    const id = await deploy(world)
    await watching.until(({ data }) => data[0].rollout?.id === id)
    await (await world.engine.rollout(id)).promote({ by: 'ann' })
    await watching.until(({ data }) => data[0].current?.id === 'v1')
    expect(watching.events.length).toBeLessThan(10)
  })
})

describe('Streams', () => {
  it('are refused beyond as many as there may be, and there is room again when one has gone', async () => {
    await using world = await openWorld({ maxWatchers: 2 })
    const id = await deploy(world)
    const [one] = [
      await watch(world, id),
      await watchEvents(`${world.url}/api/v1/events`, tokenOf(world)),
    ]
    const refused = await world.ask('/api/v1/events', { as: 'viewer' })
    expect(refused).toMatchObject({
      status: 503,
      json: { error: { code: 'CHANGEOVER_CONSOLE_WATCHERS' } },
    })
    await expect(watch(world, id)).rejects.toThrow('CHANGEOVER_CONSOLE_WATCHERS')
    one?.close()
    const open = (): Promise<boolean> =>
      watch(world, id).then(
        () => true,
        () => false,
      )
    await expect.poll(open, { timeout: 10_000 }).toBe(true)
  })

  it('leave the owner on the socket room however many others watch', async () => {
    await using world = await openWorld({ maxWatchers: 1 })
    const id = await deploy(world)
    await watch(world, id)
    const server = createServer(world.console.localHandler)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const streams = [
      await watchEvents(`${url}/api/v1/events`, { token: '' }),
      await watchEvents(`${url}/api/v1/rollouts/${id}/events`, { token: '' }),
    ]
    const view = await streams[1]?.until(({ event }) => event === 'view')
    expect(view?.data.id).toBe(id)
    for (const stream of streams) stream.close()
    server.close()
  })

  it('end with a comment when the console closes, and requests are refused from then on', async () => {
    await using world = await openWorld()
    const id = await deploy(world)
    const watching = [
      await watch(world, id),
      await watchEvents(`${world.url}/api/v1/events`, tokenOf(world)),
    ]
    await open(watching[0]!)
    const closed = world.console.close()
    expect(world.console.close()).toBe(closed)
    await closed
    for (const one of watching) {
      await one.ended
      expect(one.comments.at(-1)).toBe('the console is closing')
      expect(one.events.some(({ event }) => event === 'end')).toBe(false)
    }
    for (const path of ['/api/v1/services', `/api/v1/rollouts/${id}/events`, '/'])
      expect(await world.ask(path, { as: 'viewer' })).toMatchObject({
        status: 503,
        json: { error: { code: 'CHANGEOVER_CONSOLE_CLOSING' } },
      })
    expect([hasSubscribers(LOOK_CHANNEL), hasSubscribers(ENTRY_CHANNEL)]).toEqual([false, false])
  })
})

async function deploy({ ask }: World): Promise<string> {
  const body = { id: 'd1', version: 'v1' }
  const { json } = await ask('/api/v1/services/shop/deploy', {
    method: 'POST',
    as: 'operator',
    body,
  })
  return json.id
}

function watch(world: World, id: string, query = '', lastEventId?: number): Promise<Watching> {
  return watchEvents(`${world.url}/api/v1/rollouts/${id}/events${query}`, {
    ...tokenOf(world),
    ...(lastEventId === undefined ? {} : { lastEventId }),
  })
}

function tokenOf({ tokens }: World): { token: string } {
  return { token: tokens.viewer }
}

/** Waits until the rollout waits for its approval. */
async function open(watching: Watching): Promise<void> {
  await watching.until(({ event, data }) => event === 'view' && data.status === 'waiting')
}

/** Waits until the server has heard that nobody watches any more, and rests. */
async function unwatched(): Promise<void> {
  const rests = (): boolean => !hasSubscribers(LOOK_CHANNEL) && !hasSubscribers(ENTRY_CHANNEL)
  await expect.poll(rests, { timeout: 10_000 }).toBe(true)
}
