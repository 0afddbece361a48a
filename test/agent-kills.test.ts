import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatLoadReport } from '@changeover/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AgentKills, killAgents, REPLICAS } from './agent-kills.ts'
import { killAll } from './processes.ts'
import { seededRandom } from './seeded-random.ts'

/** `npm run soak:agent-crash-30min` sets KILLS. */
const kills = Number(process.env['KILLS'] ?? 4)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const longestMs = 60_000 + kills * 25_000

describe(`An agent killed with -9 in mid-rollout, again and again (SEED=${SEED})`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-agent-kills-'))
  let result: AgentKills

  beforeAll(async () => {
    const random = seededRandom(`${SEED}`)
    const signal = AbortSignal.timeout(longestMs)
    result = await killAgents({ directory, kills, rate: 100, random, signal })
    if (process.env['KILLS']) process.stdout.write(`\n${tableOf(result)}\n`)
  }, longestMs + 30_000)

  afterAll(async () => {
    await killAll(directory)
    rmSync(directory, { recursive: true })
  })

  it('was killed as often as asked', () => {
    const count = result.rollouts.reduce((sum, rollout) => sum + rollout.kills.length, 0)
    expect(count).toBeGreaterThanOrEqual(kills)
  })

  it('ends every rollout on one healthy release, with all of its instances and no other', () => {
    for (const { release, before, outcome, service, running } of result.rollouts) {
      const serving = outcome === 'promoted' ? release : before
      const found = { outcome, current: service.current?.id, pools: service.pools, running }
      expect(found).toEqual({
        outcome: expect.stringMatching(/^(promoted|rolled-back)$/),
        current: serving,
        pools: [{ release: serving, weight: 10_000, instances: REPLICAS }],
        running: REPLICAS,
      })
    }
  })

  it('promotes every release that gets ready', () => {
    const lost = result.rollouts.filter(({ release, outcome }) => {
      return Number(release.slice(1)) % 4 !== 0 && outcome !== 'promoted'
    })
    expect(lost.map(({ release, failure }) => ({ release, failure }))).toEqual([])
  })

  it('drops no request, and executes each once', () => {
    const { report, audit } = result
    const first = report.failures.slice(0, 3)
    expect(report.dropped > 0 ? { said: formatLoadReport(report), first } : 'none').toBe('none')
    const { executed, ...faults } = audit
    expect(faults).toEqual({ twice: [], lost: [], unconfirmed: [] })
    expect(executed).toBe(report.sent)
  })
})

/** A run for people. */
function tableOf({ rollouts, report }: AgentKills): string {
  const lines = rollouts.map(({ release, strategy, kills, outcome }) => {
    return `  ${release} ${strategy}: killed after ${kills.join(' and ') || 'never'} ms; ${outcome}`
  })
  return [...lines, formatLoadReport(report)].join('\n')
}
