import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createEngine, METRICS, rolling, type StartRequest } from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import { Counter, register as globalRegistry, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { refusalOf } from './refusal.ts'
import { release, request, setStage, type Stage } from './stage.ts'

const entries = Object.entries(METRICS)
const PREFIX = 'changeover_engine_'
const bounded = new Set(['service', 'outcome', 'step', 'result', 'verdict', 'side', 'gate'])
const exec = promisify(execFile)

/** The values of a scrape, by metric with labels; buckets left out. */
async function scrape(registry: Registry): Promise<Map<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(PREFIX))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(PREFIX.length, at), Number(line.slice(at + 1))]
    }),
  )
}

function staged(): { stage: Stage; registry: Registry } {
  const registry = new Registry()
  return { registry, stage: setStage({ registry }) }
}

/** A plan whose gate waits for `sre`, after the new release got half of the traffic. */
const gated: StartRequest['strategy'] = {
  name: 'gated',
  plan: (context) => {
    const { from, to, replicas } = context
    const written = rolling().plan(context)
    if (!from) return written
    const ready = { minReadyMs: 0, readyWithinMs: 60_000 }
    return {
      ...written,
      capacity: { maxTotal: replicas * 2, minAvailable: replicas },
      steps: [
        { step: 'launch', release: to.id, instances: replicas, ...ready },
        { step: 'shift', weights: { [from.id]: 7_500, [to.id]: 2_500 } },
        { step: 'approve', gate: 'sre', quorum: 1 },
        ...written.steps,
      ],
    }
  },
}

describe('The metrics of the engine', () => {
  it.each(entries)('%s has a name with a unit, and help that is a sentence', (key, entry) => {
    expect(entry.name).toBe(`${PREFIX}${key}`)
    expect(entry.name).toMatch(/^[a-z]+(?:_[a-z]+)+$/)
    expect(entry.help).toMatch(/^[A-Z0-9].{15,}\.$/)
    expect(entry.name.endsWith('_total')).toBe(entry.type === 'counter')
    expect(entry.name).not.toMatch(/_(?:ms|millis|milliseconds|minutes|percent)(?:_|$)/)
    expect(entry.name.includes('duration')).toBe(entry.name.endsWith('_seconds'))
    expect(entry.type === 'histogram').toBe(entry.name.endsWith('_seconds'))
    for (const label of entry.labels) expect(label).toMatch(/^[a-z]+$/)
  })

  it.each(entries)('%s has no label without a bound', (_, { labels }) => {
    expect(labels.filter((label) => !bounded.has(label))).toEqual([])
  })

  it('are those that a registry gets, and the global registry gets none', async () => {
    const { registry } = staged()
    const found = (await registry.getMetricsAsJSON()).map(({ name, help }) => ({ name, help }))
    expect(found).toEqual(entries.map(([, { name, help }]) => ({ name, help })))
    expect(await globalRegistry.getMetricsAsJSON()).toEqual([])
  })

  it('are refused where a registry has such a name already', () => {
    const registry = new Registry()
    const taken = METRICS.rollouts_total.name
    const counter = new Counter({ name: taken, help: 'Of somebody else.', registers: [registry] })
    expect(refusalOf(() => setStage({ registry })).code).toBe('CHANGEOVER_METRIC_TAKEN')
    expect(registry.getSingleMetric(taken)).toBe(counter)
    expect(registry.getSingleMetric(METRICS.lease_held.name)).toBeUndefined()
  })

  it('come back to a registry that was cleared, with the next engine', async () => {
    const { registry, stage } = staged()
    registry.clear()
    stage.another({ registry })
    expect(await registry.getMetricsAsJSON()).toHaveLength(entries.length)
  })

  it('are refused as an option that is no registry', () => {
    const wrong = { registry: {} as Registry }
    expect(refusalOf(() => setStage(wrong)).code).toBe('CHANGEOVER_OPTION_INVALID')
  })

  it('do not load prom-client where there is no registry', async () => {
    const program = `
      import { createEngine, memoryFleet, memoryRouter, memoryStore } from '@changeover/engine'
      import { createRequire } from 'node:module'
      const ports = { router: memoryRouter(), fleet: memoryFleet(), store: memoryStore() }
      const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('prom-client'))
      const before = (createEngine(ports), loaded())
      const registry = { getSingleMetric: () => undefined, registerMetric: () => undefined }
      createEngine({ ...ports, registry })
      console.log(before, loaded())`
    const args = ['--input-type=module', '--eval', program]
    const cwd = fileURLToPath(new URL('..', import.meta.url))
    const { stdout } = await exec(process.execPath, args, { cwd })
    expect(stdout.trim()).toBe('false true')
  })
})

describe('A rollout tells its metrics', () => {
  it('while it runs: that it runs, under which lease, with which weights', async () => {
    const { stage, registry } = staged()
    const { clock, engine } = stage
    await stage.deploy('v1')
    const rollout = await clock.run(engine.start(request('v2', { strategy: gated })))
    await clock.advance(60_000)
    const waiting = await scrape(registry)
    expect(waiting.get('rollouts_running{service="shop"}')).toBe(1)
    expect(waiting.get('lease_held{service="shop"}')).toBe(1)
    expect(waiting.get('lease_fence{service="shop"}')).toBe(2)
    expect(waiting.get('route_weight_ratio{service="shop",side="new"}')).toBe(0.25)
    expect(waiting.get('route_weight_ratio{service="shop",side="old"}')).toBe(0.75)
    await rollout.approve({ gate: 'sre', by: 'ann' })
    await clock.run(rollout.finished)
    const after = await scrape(registry)
    expect(after.get('rollouts_running{service="shop"}')).toBe(0)
    expect(after.get('lease_held{service="shop"}')).toBe(0)
    expect(after.get('route_weight_ratio{service="shop",side="new"}')).toBe(1)
    expect(after.get('route_weight_ratio{service="shop",side="old"}')).toBe(0)
    expect(after.get('rollouts_total{service="shop",outcome="promoted"}')).toBe(2)
    expect(after.get('verdicts_total{service="shop",verdict="pass"}')).toBe(1)
    expect(after.get('verdict_evidence{service="shop",gate="sre"}')).toBe(1)
    const gate = after.get('gate_duration_seconds_sum{service="shop",verdict="pass"}') ?? 0
    expect(gate).toBeGreaterThan(55)
    expect(gate).toBeLessThanOrEqual(60)
    const steps = 'step_duration_seconds_count{service="shop",step="approve",result="finished"}'
    expect(after.get(steps)).toBe(1)
  })

  it('in the end: the outcome, how long it took, and the step that failed', async () => {
    const { stage, registry } = staged()
    const { clock, engine } = stage
    await stage.deploy('v1')
    const rollout = await clock.run(engine.start(request('v2', { strategy: gated })))
    await clock.advance(60_000)
    await rollout.abort({ by: 'ann' })
    await clock.run(rollout.finished)
    const values = await scrape(registry)
    const key = (name: string) => values.get(`${name}{service="shop",outcome="rolled-back"}`)
    expect([key('rollouts_total'), key('rollout_duration_seconds_count')]).toEqual([1, 1])
    expect(key('rollout_duration_seconds_sum')).toBeGreaterThan(59)
    const failed = 'step_duration_seconds_count{service="shop",step="approve",result="failed"}'
    expect(values.get(failed)).toBe(1)
  })

  it('also where another engine takes it over, with the weights that it finds', async () => {
    const { stage } = staged()
    const { clock, engine } = stage
    await stage.deploy('v1')
    const rollout = await clock.run(engine.start(request('v2', { strategy: gated })))
    await clock.advance(30_000)
    const letGo = new Registry()
    await clock.run(engine.close())
    expect((await clock.run(rollout.finished)).outcome).toBe('interrupted')
    const second = stage.another({ registry: letGo })
    const [resumed] = await clock.run(second.resume())
    const values = await scrape(letGo)
    expect(values.get('route_weight_ratio{service="shop",side="new"}')).toBe(0.25)
    await resumed?.approve({ gate: 'sre', by: 'ann' })
    await clock.run(resumed!.finished)
    const after = await scrape(letGo)
    const total = after.get('rollout_duration_seconds_sum{service="shop",outcome="promoted"}')
    expect(total).toBeGreaterThan(30)
  })

  it('of engines that share a registry as one sum', async () => {
    const registry = new Registry()
    const stages = [setStage({ registry }), setStage({ registry })]
    for (const stage of stages) expect(await stage.deploy('v1')).toBe('promoted')
    const values = await scrape(registry)
    expect(values.get('rollouts_total{service="shop",outcome="promoted"}')).toBe(2)
    expect(values.get('rollouts_running{service="shop"}')).toBe(0)
  })

  it('and how long the store takes to make entries durable', async () => {
    const registry = new Registry()
    const clock = virtualClock(0)
    const { router, fleet, store } = setStage()
    const slow = {
      ...store,
      append: async (...call: Parameters<typeof store.append>) => {
        await clock.sleep(20)
        await store.append(...call)
      },
    }
    const engine = createEngine({ router, fleet, store: slow, clock, registry })
    const rollout = await clock.run(engine.start({ ...request('v1'), release: release('v1') }))
    await clock.advance(200)
    const values = await scrape(registry)
    const [sum, count] = ['sum', 'count'].map((part) => {
      return values.get(`journal_append_duration_seconds_${part}`) ?? Number.NaN
    })
    expect(count).toBeGreaterThan(0)
    expect(sum).toBeCloseTo(count! * 0.02, 6)
    expect(rollout.id).toMatch(/^shop/)
    await clock.run(engine.close())
  })
})
