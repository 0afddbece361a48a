import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoProcess, startDemo } from './demo-process.ts'
import { killAll, processesWith } from './processes.ts'

const WITHIN_MS = 180_000

describe('The demo', () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-demo-test-'))
  let demo: DemoProcess
  let end: Awaited<DemoProcess['ended']>

  beforeAll(async () => {
    // Its database runs as a user of its own where root runs the demo, and removes what it wrote.
    chmodSync(directory, 0o1777)
    demo = startDemo(directory, '--rate', '100')
    const killer = setTimeout(() => process.kill(demo.pid, 'SIGKILL'), WITHIN_MS)
    end = await demo.ended
    clearTimeout(killer)
  }, WITHIN_MS + 10_000)

  afterAll(async () => {
    await killAll(directory)
    rmSync(directory, { recursive: true })
  })

  const text = (): string => demo.lines.join('\n')

  it('ends well', () => {
    expect({ ...end, errors: demo.errors(), text: end.code === 0 ? '' : text() }).toEqual({
      code: 0,
      signal: null,
      errors: expect.not.stringContaining('not as promised'),
      text: '',
    })
  })

  it('says first where the shop and the console can be reached', () => {
    expect(demo.lines[0]).toMatch(/^the shop: +curl http:\/\/127\.0\.0\.1:\d+\/$/)
    expect(demo.lines[1]).toMatch(
      /^the console: http:\/\/127\.0\.0\.1:\d+\/ \(sign in with co_[\w-]+\)$/,
    )
  })

  it('goes on where the agent was killed', () => {
    expect(text()).toMatch(/the agent was killed with -9[^]*led by[^]*promoted: 2\.0\.0 serves/)
  })

  it('sends the slow canary back by its judge', () => {
    expect(text()).toMatch(/gate "judge": fail[^]*rolled-back: 2\.0\.0 serves/)
  })

  it('takes the approved release back in one call', () => {
    expect(text()).toMatch(/gate "go": pass[^]*changeover rollback[^]*rolled-back: 2\.0\.0 serves/)
  })

  it('refuses the contract migration first, and runs it when nobody can go back any more', () => {
    expect(demo.errors()).toContain('CHANGEOVER_MIGRATION_REFUSED')
    expect(text()).toMatch(/refused with exit code 3[^]*promoted: 6\.0\.0 serves/)
  })

  it('drops no request, executes none twice and loses none', () => {
    const [audit, load] = demo.lines.slice(-2)
    expect(audit).toMatch(/^executed [\d,]+ · twice 0 · lost 0$/)
    expect(load).toMatch(/^sent [\d,]+ · dropped 0 · p99 [\d,.]+ ms$/)
    expect(Number(/[\d,]+/.exec(load!)![0].replaceAll(',', ''))).toBeGreaterThan(1000)
  })

  it('prints plain lines where nobody can see a picture', () => {
    expect(text()).not.toContain('\u001B')
  })

  it('leaves no process and no file behind', () => {
    expect(processesWith(directory)).toEqual([])
    expect(readdirSync(directory)).toEqual([])
  })
})
