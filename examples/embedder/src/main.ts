/** A deploy tool: ships three releases of a shop and goes back to the first, while customers keep coming. */
import {
  approve,
  boundRate,
  canary,
  createEngine,
  type Engine,
  formatPlan,
  judge,
  memoryStore,
  type Release,
  rolling,
  type Rollout,
  routerMetrics,
  type Strategy,
  weight,
} from '@changeover/engine'
import { keepCustomersComing } from './customers.ts'
import { localFleet } from './local-fleet.ts'
import { shopServer, type ShopSpec } from './shop.ts'
import { telling } from './telling.ts'
import { tinyRouter } from './tiny-router.ts'

const SERVICE = 'shop'
const carefully = canary({
  steps: [
    weight(25),
    judge({ errors: boundRate({ limit: 0.1 }) }, { every: '200ms', deadline: '4s' }),
    approve('release-manager', { notRequester: true }),
  ],
})

async function deploy(engine: Engine, release: Release, strategy: Strategy): Promise<string> {
  const request = { service: SERVICE, release, replicas: 4, strategy, by: 'bob' }
  say(formatPlan(await engine.plan(request)))
  return follow(await engine.start(request))
}

/** Tells what happens, and says yes where somebody is asked. */
async function follow(rollout: Rollout): Promise<string> {
  for await (const entry of rollout.events()) {
    const text = telling(entry)
    if (text !== undefined) say(`  ${text}`)
    if (entry.type !== 'step-started' || entry.step.step !== 'approve') continue
    await rollout.approve({ gate: entry.step.gate, by: 'ann' })
  }
  return (await rollout.finished).outcome
}

function releaseOf(id: string, spec: ShopSpec = {}): Release {
  return { id, version: id, spec }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function main(): Promise<void> {
  const router = tinyRouter(SERVICE)
  const fleet = localFleet(shopServer)
  const metrics = routerMetrics(router)
  const engine = createEngine({ router, fleet, store: memoryStore(), metrics })
  const url = await router.listen()
  const outcomes = [await deploy(engine, releaseOf('v1'), rolling())]
  const customers = keepCustomersComing(url)
  outcomes.push(await deploy(engine, releaseOf('v2'), carefully))
  outcomes.push(await deploy(engine, releaseOf('v3', { failsEvery: 3 }), carefully))
  outcomes.push(await follow(await engine.rollback(SERVICE, { to: 'v1', by: 'ann' })))
  const { dropped, orders } = await customers.sendHome()
  const { current } = await engine.service(SERVICE)
  await Promise.all([engine.close(), fleet.close(), router.close()])
  say(`v1, v2, v3, back to v1: ${outcomes.join(', ')}`)
  say(`serving ${current?.id} · orders ${orders} · dropped ${dropped}`)
  process.exitCode = dropped === 0 && current?.id === 'v1' ? 0 : 1
}

void main()
