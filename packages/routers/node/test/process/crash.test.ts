import { setTimeout as sleep } from 'node:timers/promises'
import type { RouteTable } from '@changeover/engine'
import { expect, it } from 'vitest'
import { named } from '../backends.ts'
import { ask } from '../clients.ts'
import { table } from '../shop.ts'
import { adapter, routerDirectory } from './bench.ts'

const KILLS = Number(process.env['ROUTER_KILLS'] ?? 20)
/** Longest that a process lives in the test; several tables go in force in that time. */
const LIFE_MS = 120

it(
  `A router process killed ${KILLS} times in the middle of load and of tables never goes back behind what was applied`,
  { timeout: 30_000 + KILLS * 3_000 },
  async () => {
    const directory = routerDirectory()
    const backends = { v1: await named('v1'), v2: await named('v2') }
    const router = adapter(directory, { restart: { attempts: 1_000, backOff: 1 } })
    const { shop = '' } = await router.listen()
    const over = new AbortController()
    const sent = new Map<number, RouteTable>()
    const outcomes = new Map<string, number>()
    let applied = 0
    let begin = (): void => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })

    const apply = async (next: RouteTable): Promise<string> => {
      const { outcome } = await router.apply(next)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (outcome === 'applied') applied = next.revision
      if (applied > 0) begin()
      return outcome
    }
    /** As an engine does: absolute tables, each again until it is known to be in force. */
    const applying = (async () => {
      for (let revision = 1; !over.signal.aborted; revision += 1) {
        const release = revision % 2 === 0 ? 'v1' : 'v2'
        const fence = Math.ceil(revision / 5)
        const next = table({
          releases: { [release]: [backends[release].address] },
          revision,
          fence,
        })
        sent.set(revision, next)
        while ((await apply(next)) !== 'applied') await sleep(5)
      }
    })()
    let answered = 0
    const loading = (async () => {
      while (!over.signal.aborted) {
        const answer = await ask(shop).catch(() => undefined)
        if (answer?.status === 200) answered += 1
      }
    })()

    await begun
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await sleep(Math.random() * LIFE_MS)
      const known = applied
      const pid = router.pid()
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
      const { table: found, revision, fence } = await router.observe('shop')
      expect(revision, `after kill ${kill}`).toBeGreaterThanOrEqual(known)
      expect(found).toEqual(sent.get(revision))
      const late = await router.apply({
        ...sent.get(revision)!,
        revision: revision + 1_000,
        fence: fence - 1,
      })
      expect(late.outcome === 'applied' && fence > 0, 'an older fence').toBe(false)
    }
    over.abort()
    await Promise.all([applying, loading])
    expect(answered).toBeGreaterThan(KILLS)
    expect(outcomes.get('applied')).toBeGreaterThan(KILLS)
    expect(outcomes.get('unreachable') ?? 0).toBeGreaterThan(0)
    expect(outcomes.has('rejected')).toBe(false)
    await router.shutdown()
  },
)
