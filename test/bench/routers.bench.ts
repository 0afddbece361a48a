import { beyondBudget, cutoverLoad, dropBudget, failuresOf } from '@changeover/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { caddyUnderTest } from '../routers/caddy.ts'
import { haproxyUnderTest } from '../routers/haproxy.ts'
import { findNginx, nginxUnderTest } from '../routers/nginx.ts'
import { detachedRouter } from '../routers/node-process.ts'
import { ours } from './contender.ts'
import { type CutoverRow, cutoverTable } from './cutover-table.ts'
import { haproxyReload, haproxyRestart, nginxReload } from './peers.ts'
import { startVersions } from './versions.ts'

const CUTOVERS = Number(process.env['CUTOVERS'] ?? 50)
const REQUESTS = Number(process.env['REQUESTS'] ?? 100_000)
/** Per second: far less than the slowest of them can do, so that times are those of a change, not of a queue. */
const RATE = Number(process.env['RATE'] ?? 2_000)
const LOAD = { keepAlive: 32, fresh: 8, cutovers: CUTOVERS }

const nginx = await findNginx()

const CONTENDERS = [
  ours('nodeRouter, its own process', () => detachedRouter()),
  ours('haproxyRouter', () => haproxyUnderTest()),
  ...(['lua', 'file', 'reload'] as const).map((mode) =>
    ours(`nginxRouter, ${mode}`, async () => nginx && nginxUnderTest({ mode, programs: nginx })),
  ),
  ours('caddyRouter', () => caddyUnderTest()),
  nginxReload,
  haproxyReload,
  haproxyRestart,
]

describe(`${CUTOVERS} cutovers`, () => {
  const rows: CutoverRow[] = []
  afterAll(() => void process.stdout.write(cutoverTable(rows)))

  test.each(CONTENDERS)('%s', async (name, start) => {
    await using versions = await startVersions()
    const contender = await start(versions)
    if (!contender) return void rows.push({ name, report: undefined, converges: false })
    try {
      const { url, step, drops } = contender
      const requestsPerCutover = Math.ceil(REQUESTS / (CUTOVERS + 1))
      const report = await cutoverLoad({ ...LOAD, url, step, requestsPerCutover, rate: RATE })
      rows.push({ name, report, converges: drops !== undefined })
      const budget = dropBudget(drops ? { drops } : {}, LOAD)
      const beyond = drops ? beyondBudget(failuresOf(report), budget) : []
      const { late, examples } = report
      if (late > 0 || beyond.length > 0) process.stderr.write(`${name}:\n${examples.join('\n')}\n`)
      expect({ late, beyond }).toStrictEqual({ late: 0, beyond: [] })
    } finally {
      await contender.close()
    }
  })
})
