import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from './balancers/backend.ts'
import { clientPool } from './balancers/client-pool.ts'
import { haproxy } from './balancers/haproxy.ts'
import { nginx } from './balancers/nginx.ts'
import { restartTable } from './balancers/restart-table.ts'
import { rollingRestarts, type RestartsResult } from './balancers/restarts.ts'
import { programs } from './debian-packages.ts'

/** `npm run soak:restarts-30min` sets these. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 4)
const REQUESTS = Number(process.env['REQUESTS'] ?? 0)
const RATE = 190
/** haproxy asks every second and believes the second refusal; and one second more. */
const noticeMs = 3_000
const longestMs = Math.min(28 * 60_000, 20_000 + RESTARTS * 15_000 + REQUESTS * 5)

describe('Behind balancers', async () => {
  const found = await programs(
    { command: 'haproxy', package: 'haproxy' },
    { command: 'nginx', package: 'nginx' },
  )
  const [haproxyPath = '', nginxPath = ''] = found ?? []
  const directory = mkdtempSync(join(tmpdir(), 'changeover-restarts-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  /** Four fronts before the same two backends, each with a load of its own. */
  async function restartServersThatDrain(): Promise<RestartsResult> {
    const executions = join(directory, 'executions')
    await using first = await startBackend({ executions, noticeMs })
    await using second = await startBackend({ executions, noticeMs })
    const backends = [first.port, second.port]
    await using tcp = await haproxy({ command: haproxyPath, mode: 'tcp', backends })
    await using http = await haproxy({ command: haproxyPath, mode: 'http', backends })
    await using passive = await nginx({ command: nginxPath, backends, noticeMs })
    await using pool = clientPool(backends)
    return await rollingRestarts({
      backends: [first, second],
      fronts: [tcp, http, passive, pool],
      executions,
      restarts: RESTARTS,
      rate: RATE,
      requests: REQUESTS,
      signal: AbortSignal.timeout(longestMs),
    })
  }

  async function restartServersThatKnowNoBetter(): Promise<RestartsResult> {
    const executions = join(directory, 'naive-executions')
    await using first = await startBackend({ executions, killAfterMs: 2_000 })
    await using second = await startBackend({ executions, killAfterMs: 2_000 })
    const backends = [first.port, second.port]
    await using tcp = await haproxy({ command: haproxyPath, mode: 'tcp', backends })
    return await rollingRestarts({
      backends: [first, second],
      fronts: [tcp],
      executions,
      // One alone drops nothing once in a while.
      restarts: 3,
      rate: RATE,
      requests: 0,
      signal: AbortSignal.timeout(longestMs),
    })
  }

  describe.skipIf(!found)(`${RESTARTS} rolling restarts, half of the requests POST`, () => {
    const names = ['haproxy tcp', 'haproxy http', 'nginx', 'client pool']
    let result: RestartsResult
    let naive: RestartsResult
    const front = (name: string) => result.fronts.find((each) => each.name === name)!

    beforeAll(async () => {
      ;[result, naive] = await Promise.all([
        restartServersThatDrain(),
        restartServersThatKnowNoBetter(),
      ])
      if (REQUESTS > 0) process.stdout.write(`\n${restartTable(result)}\n`)
    }, longestMs + 60_000)

    it('end each backend with exit code 0', () => {
      const exitCodes = result.stops.map(({ exitCode }) => exitCode)
      expect(exitCodes).toEqual(Array.from({ length: RESTARTS }, () => 0))
    })

    it.each(names)('drop no request behind %s', (name) => {
      const { report } = front(name)
      expect(report.dropped > 0 ? restartTable(result) : 'none').toBe('none')
      expect(report.answered).toBe(report.sent)
      expect(report.sent).toBeGreaterThanOrEqual(Math.max(REQUESTS, RATE))
    })

    it.each(names)('execute every request behind %s, once', (name) => {
      const { report, audit } = front(name)
      const { executed, ...faults } = audit
      expect(faults).toEqual({ twice: [], lost: [], unconfirmed: [] })
      expect(executed).toBe(report.sent)
    })

    it.each(names)('let every restarted backend answer requests behind %s', (name) => {
      // All but the last one, which was back unseen by those who look now and then.
      const { byRelease } = front(name).report
      expect(Object.keys(byRelease).length).toBeGreaterThan(RESTARTS)
    })

    it('would drop some if the servers knew no better', () => {
      expect(naive.fronts.map(({ name }) => name)).toEqual(['haproxy tcp'])
      expect(naive.fronts[0]!.report.dropped).toBeGreaterThan(0)
    })
  })
})
