import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatLoadReport } from '@changeover/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killEngines, type KillsResult } from './engine-kills.ts'
import { killsTable } from './kills-table.ts'
import { killAll, nothingLeft, processesWith } from './processes.ts'
import { seededRandom } from './seeded-random.ts'

/** `npm run soak:engine-crash-30min` sets KILLS, over all strategies. */
const SOAK = Number(process.env['KILLS'] ?? 0)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const STRATEGIES = ['rolling', 'canary', 'blueGreen']
const kills = SOAK > 0 ? Math.ceil(SOAK / STRATEGIES.length) : 4
const longestMs = 60_000 + kills * 25_000

describe.each(STRATEGIES)(
  `An engine killed with -9 again and again, in %s (SEED=${SEED})`,
  (strategy) => {
    const directory = mkdtempSync(join(tmpdir(), 'changeover-kills-'))
    let result: KillsResult

    beforeAll(async () => {
      const random = seededRandom(`${SEED} ${strategy}`)
      const signal = AbortSignal.timeout(longestMs)
      result = await killEngines({
        directory,
        strategy,
        kills,
        spoilEvery: 4,
        rate: 100,
        random,
        signal,
      })
      if (SOAK > 0) process.stdout.write(`\n${killsTable(result)}\n`)
    }, longestMs + 30_000)

    afterAll(async () => {
      await killAll(directory)
      rmSync(directory, { recursive: true })
    })

    it('was killed as often as asked', () => {
      const count = result.rollouts.reduce((sum, rollout) => sum + rollout.kills.length, 0)
      expect(count).toBeGreaterThanOrEqual(kills)
    })

    it('loses no rollout otherwise than by a lease that lapsed', () => {
      const codes = new Set(result.rollouts.flatMap(({ letGo }) => letGo))
      codes.delete('CHANGEOVER_LEASE_LOST')
      expect([...codes]).toEqual([])
    })

    it('ends every rollout on one healthy release', () => {
      for (const { before, release, end, pools, instances, kills } of result.rollouts) {
        const serving = end?.outcome === 'promoted' ? release : before
        const ids = instances.map(({ id }) => id).sort()
        const found = {
          kills,
          outcome: end?.outcome,
          reason: end?.outcome === 'rolled-back' ? '' : end?.reason,
          routed: pools.map((pool) => [pool.release, pool.weight]),
          routedIds: pools.flatMap((pool) => pool.instances.map(({ id }) => id)).sort(),
          running: instances.map((one) => one.release),
        }
        expect(found).toEqual({
          kills,
          outcome: expect.stringMatching(/^(promoted|rolled-back)$/),
          reason: end?.outcome === 'rolled-back' ? '' : undefined,
          routed: [[serving, 10_000]],
          routedIds: ids,
          running: [serving, serving],
        })
      }
    })

    it('drops no request', () => {
      const { report } = result
      const first = report.failures.slice(0, 3)
      expect(report.dropped > 0 ? { said: formatLoadReport(report), first } : 'none').toBe('none')
      expect(report.answered).toBe(report.sent)
    })

    it('lets every request be executed once', () => {
      const { executed, ...faults } = result.audit
      expect(faults).toEqual({ twice: [], lost: [], unconfirmed: [] })
      expect(executed).toBe(result.report.sent)
    })

    it('leaves no process behind', async () => {
      expect(await nothingLeft(() => processesWith(directory), 0)).toEqual([])
    })
  },
)
