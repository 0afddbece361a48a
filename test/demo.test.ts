import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoProcess, startDemo } from './demo-process.ts'
import { processesWith, reapersOf } from './processes.ts'

const WITHIN_MS = 60_000

describe('The demo', () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-demo-test-'))
  let demo: DemoProcess
  let end: Awaited<DemoProcess['ended']>

  beforeAll(async () => {
    demo = startDemo(directory)
    const killer = setTimeout(() => process.kill(demo.pid, 'SIGKILL'), WITHIN_MS)
    end = await demo.ended
    clearTimeout(killer)
  }, WITHIN_MS + 10_000)

  afterAll(() => rmSync(directory, { recursive: true }))

  const text = (): string => demo.lines.join('\n')

  it('ends well within a minute', () => {
    expect({ ...end, errors: demo.errors() }).toEqual({ code: 0, signal: null, errors: '' })
  })

  it('says first where the shop can be reached', () => {
    expect(demo.lines[0]).toMatch(/^try: curl http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('promotes v1 and v2, and rolls v3 back by itself', () => {
    const ends = text().match(/^v\d [a-z-]+ after/gm)
    expect(ends).toEqual(['v1 promoted after', 'v2 promoted after', 'v3 rolled-back after'])
    expect(text()).toMatch(/v3 rolled-back after .*not ready within 6000 ms: answered 503/)
  })

  it('drops no request, executes none twice and loses none', () => {
    const [audit, load] = demo.lines.slice(-2)
    expect(audit).toMatch(/^executed [\d,]+ · twice 0 · lost 0$/)
    expect(load).toMatch(/^sent [\d,]+ · dropped 0 · p99 [\d,.]+ ms$/)
    expect(Number(/[\d,]+/.exec(load!)![0].replaceAll(',', ''))).toBeGreaterThan(2000)
  })

  it('prints plain lines where nobody can see a picture', () => {
    expect(text()).not.toContain('\u001B')
  })

  it('leaves no process and no file behind', () => {
    expect(processesWith(directory)).toEqual([])
    expect(reapersOf(demo.pid)).toEqual([])
    expect(readdirSync(directory)).toEqual([])
  })
})
