import {
  fileStore,
  memoryStore,
  type RolloutOutcome,
  type RolloutSummary,
  type Store,
} from '@changeover/engine'
import fc from 'fast-check'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { currentRelease, rollbackTarget } from '../src/history.ts'
import { expendable } from '../src/retention.ts'
import { chainEntry, GENESIS_HASH } from '@changeover/engine'
import { createdBody, temporaryFolder } from './journal-maker.ts'
import { release, request, setStage } from './stage.ts'

const outcomes: (RolloutOutcome | undefined)[] = [
  'promoted',
  'rolled-back',
  'failed-safe',
  undefined,
]

/** Histories as rollouts write them: each begins at the release that the one before left in place. */
const histories = fc
  .array(fc.record({ to: fc.nat(4), outcome: fc.constantFrom(...outcomes) }), { maxLength: 30 })
  .map((rollouts) => {
    const history: RolloutSummary[] = []
    for (const [i, { to, outcome }] of rollouts.entries()) {
      history.push({
        id: `shop-${i}`,
        service: 'shop',
        from: currentRelease(history),
        to: release(`v${to}`),
        replicas: 1 + (i % 3),
        startedAt: i,
        finishedAt: outcome && i,
        outcome,
      })
    }
    return history
  })

function targetOf(history: readonly RolloutSummary[]): unknown {
  try {
    return rollbackTarget('shop', history, undefined)
  } catch {
    return undefined
  }
}

describe('what may go of a history', () => {
  test('changes neither the current release nor where a rollback leads, and never touches what is under way', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 10 }), (history, retain) => {
        const gone = new Set(expendable(history, retain))
        const left = history.filter(({ id }) => !gone.has(id))
        expect(currentRelease(left)).toEqual(currentRelease(history))
        expect(targetOf(left)).toEqual(targetOf(history))
        const open = (some: readonly RolloutSummary[]) => some.filter((one) => !one.outcome)
        expect(open(left)).toEqual(open(history))
        const kept = left.filter((one) => one.outcome).length
        expect(kept).toBeLessThanOrEqual(retain + 3)
        expect(kept).toBeGreaterThanOrEqual(
          Math.min(retain, history.filter((one) => one.outcome).length),
        )
      }),
    )
  })
})

describe.each<[string, (retain: number) => Promise<Store>]>([
  ['memoryStore', async (retain) => memoryStore({ retain })],
  ['fileStore', async (retain) => fileStore({ directory: await temporaryFolder(), retain })],
])('%s', (_, create) => {
  async function finish(
    store: Store,
    rollout: string,
    at: number,
    service = 'shop',
  ): Promise<void> {
    const link = { rollout, at, fence: 1 }
    const first = chainEntry(createdBody(service), { ...link, seq: 0, prev: GENESIS_HASH })
    const last = chainEntry(
      { type: 'finished', outcome: 'promoted' },
      { ...link, seq: 1, prev: first.hash },
    )
    await store.append(rollout, 0, [first])
    await store.append(rollout, 1, [last])
  }

  test('keeps as many finished rollouts of each service as it is told, the newest', async () => {
    const store = await create(3)
    await finish(store, 'blog-1', 1, 'blog')
    for (let n = 1; n <= 6; n += 1) await finish(store, `shop-${n}`, n)
    const ids = (await store.rollouts()).map(({ id }) => id)
    expect(ids.sort()).toEqual(['blog-1', 'shop-4', 'shop-5', 'shop-6'])
    await store.close()
  })

  test('refuses to keep none', async () => {
    await expect(create(0)).rejects.toMatchObject({ code: 'CHANGEOVER_OPTION_INVALID' })
  })
})

test('an engine keeps nothing of a thousand rollouts that have ended', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const store = memoryStore({ retain: 10 })
  const stage = setStage({ store, fleetOptions: { readyAfterMs: () => 0 } })
  const seen: WeakRef<object>[] = []
  for (let n = 0; n < 1_000; n += 1) seen.push(await deployOne(stage, n))
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  const kept = seen.filter((one) => one.deref() !== undefined)
  expect(kept.length).toBeLessThan(20)
  expect(await stage.engine.history('shop')).toHaveLength(10)
  expect(stage.clock.sleepers).toBe(0)
}, 60_000)

async function deployOne(stage: ReturnType<typeof setStage>, n: number): Promise<WeakRef<object>> {
  const rollout = await stage.clock.run(stage.engine.start(request(`v${n}`, { replicas: 1 })))
  await stage.clock.run(rollout.finished)
  return new WeakRef(rollout.plan)
}
