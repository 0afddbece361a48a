import { rolling } from '@changeover/engine'
import { expect, it } from 'vitest'
import { openWorld, release, type World } from './console-world.ts'
import { watchEvents, type Watching } from './watch-events.ts'

const WATCHERS = 100
const INSTANCES = 500

it('tells 100 watchers every entry of a rollout of 500 instances once and in order, slow ones and those who come back', async () => {
  await using world = await openWorld({ strategy: rolling({ maxSurge: '10%' }) })
  const { engine } = world
  const start = (id: string): ReturnType<typeof engine.start> =>
    engine.start({
      service: 'shop',
      release: release(id),
      replicas: INSTANCES,
      strategy: rolling({ maxSurge: '10%' }),
    })
  await (
    await start('v1')
  ).finished
  const rollout = await start('v2')
  const watched = await Promise.all(
    Array.from({ length: WATCHERS }, (_, i) =>
      watchAll(world, rollout.id, KINDS[i % 4] ?? 'steady'),
    ),
  )
  const last = watched[0]?.seqs.at(-1) ?? 0
  const expected = Array.from({ length: last + 1 }, (_, seq) => seq)
  expect(last).toBeGreaterThan(INSTANCES * 6)
  for (const { seqs, outcome, viewed } of watched) {
    expect(seqs).toEqual(expected)
    expect(outcome).toBe('promoted')
    expect(viewed).toBe(last)
  }
  const returns = watched.reduce((sum, one) => sum + one.returns, 0)
  expect(returns).toBeGreaterThan(WATCHERS / 4)
}, 120_000)

type Kind = 'steady' | 'returning' | 'slow' | 'late'
const KINDS: readonly Kind[] = ['steady', 'returning', 'slow', 'late']

interface Watched {
  readonly seqs: number[]
  readonly outcome: string | undefined
  /** Number of the last entry that the last view told of. */
  readonly viewed: number | undefined
  readonly returns: number
}

/** Watches to the end, in one of the ways in which people do. */
async function watchAll({ url, tokens }: World, id: string, kind: Kind): Promise<Watched> {
  const seqs: number[] = []
  let returns = -1
  if (kind === 'late') await pause(300)
  for (;;) {
    returns += 1
    const lastEventId = seqs.at(-1)
    const watching = await watchEvents(`${url}/api/v1/rollouts/${id}/events`, {
      token: tokens.viewer,
      ...(lastEventId === undefined ? {} : { lastEventId }),
    })
    if (kind === 'slow') slowDown(watching)
    // Comes back a few times, each time from where it was cut off.
    if (kind === 'returning' && returns < 5) {
      await Promise.race([
        watching.until(({ id }) => (id ?? 0) >= 300 * (returns + 1)),
        watching.ended,
      ])
      watching.close()
    }
    await watching.ended
    for (const { event, id } of watching.events) if (event === 'entry') seqs.push(id ?? -1)
    const end = watching.events.find(({ event }) => event === 'end')
    const view = watching.events.findLast(({ event }) => event === 'view')
    if (end) return { seqs, outcome: end.data.outcome, viewed: view?.data.seq, returns }
  }
}

/** Reads a little, then nothing for a while, again and again. */
function slowDown({ response }: Watching): void {
  let reads = 0
  response.on('data', () => {
    reads += 1
    if (reads % 3 !== 0) return
    response.pause()
    setTimeout(() => response.resume(), 20)
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
