import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bake,
  blueGreen,
  canary,
  rolling,
  type RouterCapabilities,
  type RouterDrop,
  type Strategy,
  weight,
} from '@changeover/engine'
import { type ExecutionAudit, formatLoadReport, type LoadReport } from '@changeover/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killEngines } from './engine-kills.ts'
import { killAll } from './processes.ts'
import { type LoadedRollout, type RoutedShop, routedShop } from './routed-shop.ts'
import { caddyUnderTest } from './routers/caddy.ts'
import { haproxyUnderTest } from './routers/haproxy.ts'
import { findNginx, nginxUnderTest } from './routers/nginx.ts'
import { detachedRouter } from './routers/node-process.ts'
import type { RouterUnderTest } from './routers/router-under-test.ts'

/** Idle connections that the load keeps. */
const CONNECTIONS = 64

const times = { minReady: 100, readyWithin: '10s' }

/** Each with the smallest share of the traffic that it asks for, in basis points. */
const strategies: readonly (readonly [name: string, share: number, make: () => Strategy])[] = [
  ['rolling', 1, () => rolling({ ...times, maxSurge: 1 })],
  [
    'canary',
    100,
    () => canary({ ...times, steps: [weight(20), bake(500), weight(60), bake(500)] }),
  ],
  ['blue-green', 10_000, () => blueGreen({ ...times, steps: [bake(300)], keepOld: 500 })],
]

type Start = () => Promise<RouterUnderTest | undefined>

const nginx =
  (mode: 'reload' | 'file' | 'lua'): Start =>
  async () => {
    const programs = await findNginx()
    return programs && nginxUnderTest({ mode, programs })
  }

const routers: readonly (readonly [name: string, start: Start])[] = [
  ['nodeRouterProcess', detachedRouter],
  ['HAProxy', haproxyUnderTest],
  ['nginx by Lua', nginx('lua')],
  ['nginx by a flag file', nginx('file')],
  ['nginx by reload', nginx('reload')],
  ['Caddy', caddyUnderTest],
]

describe.each(routers)('Behind %s, under load,', { timeout: 120_000 }, (name, start) => {
  let front: RouterUnderTest | undefined
  let shop: RoutedShop
  let can: RouterCapabilities

  beforeAll(async () => {
    front = await start()
    if (!front) return
    can = await front.router.probe()
    shop = await routedShop(front)
  }, 120_000)

  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await front?.close()
  })

  it.each(strategies)('a %s rollout drops no more than the router says', async (_, share, make) => {
    if (!front || share % (can.granularity ?? 1) !== 0) return
    const rollout = await shop.deploy(make())
    expectPromoted(rollout)
    expectWithin(rollout, rollout.tables, can.drops)
  })

  it('somebody restarts the router in the middle of a rollout, which ends all the same on one release', async () => {
    if (!front) return
    const { restart } = front
    let restarted = false
    const rollout = await shop.deploy(patient(can), async (entry) => {
      if (restarted || entry.type !== 'step-started' || entry.step.step !== 'bake') return
      restarted = true
      await restart()
    })
    expect(restarted).toBe(true)
    expectPromoted(rollout)
    // Nothing is served while a router restarts, and what it was in the middle of is cut; then all is well again.
    expect(rollout.audit).toMatchObject({ twice: [], lost: [] })
    const { sent, unanswered } = rollout.report
    const late = unanswered.filter((n) => n >= sent - 50)
    expect(late.length).toBeLessThanOrEqual(can.drops?.length ? 25 : 0)
  })

  it(`nothing is left of what ${name} was in front of`, async () => {
    expect(front ? await shop.end() : []).toEqual([])
  })
})

describe.each(routers)(
  'Behind %s, under load, an engine is killed in the middle,',
  { timeout: 150_000 },
  (_, start) => {
    const directory = mkdtempSync(join(tmpdir(), 'changeover-killed-'))

    afterAll(async () => {
      await killAll(directory)
      rmSync(directory, { recursive: true })
    })

    it('and the next one ends the rollout on one release, within what the router says it drops', async () => {
      const front = await start()
      if (!front?.adapter) return
      try {
        const { drops, granularity = 1 } = await front.router.probe()
        const result = await killEngines({
          directory,
          strategy: granularity > 100 ? 'bareBlueGreen' : 'bakedCanary',
          front: { url: front.url, adapter: front.adapter },
          kills: 1,
          spoilEvery: 100,
          rate: 100,
          random: Math.random,
          signal: AbortSignal.timeout(120_000),
        })
        const tables = (result.rollouts.length + 2) * 8
        expectWithin(result, tables, drops)
        for (const { end, pools } of result.rollouts) {
          expect(end?.reason ?? end?.outcome).toBe('promoted')
          expect(pools.map(({ weight }) => weight)).toEqual([10_000])
        }
      } finally {
        await front.close()
      }
    })
  },
)

/** A rollout with time for a restart in the middle. */
function patient({ granularity = 1 }: RouterCapabilities): Strategy {
  return granularity > 100
    ? blueGreen({ ...times, steps: [bake('2s')], keepOld: 500 })
    : canary({ ...times, steps: [weight(20), bake('2s'), weight(60), bake(300)] })
}

function expectPromoted({ end, release, serving }: LoadedRollout): void {
  expect(end.reason ?? end.outcome).toBe('promoted')
  expect(serving).toEqual([`current ${release}`, `${release} 10000`, release])
}

interface Loaded {
  readonly report: LoadReport
  readonly audit: ExecutionAudit
}

/** Only what the router owns up to, and no more of it than connections times tables; nothing is lost or executed twice. */
function expectWithin(
  { report, audit }: Loaded,
  tables: number,
  drops: readonly RouterDrop[] = [],
): void {
  const allowed = new Set([
    ...(drops.includes('idle') ? ['reset-reused'] : []),
    ...(drops.includes('new') ? ['reset-fresh', 'refused'] : []),
  ])
  const others = Object.entries(report.byClass).filter(([kind, n]) => n > 0 && !allowed.has(kind))
  const first = report.failures.slice(0, 3)
  expect(others.length > 0 ? { said: formatLoadReport(report), first } : 'none').toBe('none')
  expect(report.dropped).toBeLessThanOrEqual(allowed.size > 0 ? CONNECTIONS * tables : 0)
  const { twice, lost, unconfirmed } = audit
  expect({ twice, lost }).toEqual({ twice: [], lost: [] })
  expect(unconfirmed.length).toBeLessThanOrEqual(drops.includes('answer') ? report.dropped : 0)
}
