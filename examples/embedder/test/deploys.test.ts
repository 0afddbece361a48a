import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const source = new URL('../src/main.ts', import.meta.url)

describe('The deploy tool', () => {
  let code: number | null
  let output: string
  let errors: string

  beforeAll(async () => {
    const tool = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'pipe'] })
    const killer = setTimeout(() => tool.kill('SIGKILL'), 60_000)
    const ended = new Promise<number | null>((resolve) => tool.once('close', resolve))
    ;[output, errors, code] = await Promise.all([text(tool.stdout), text(tool.stderr), ended])
    clearTimeout(killer)
  }, 70_000)

  it('ends by itself, without a complaint', () => {
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
  })

  it('shows each plan before it is carried out', () => {
    const plans = output.match(/^(rolling|canary) of "shop": .+$/gm) ?? []
    expect(plans.map((line) => /-> "(v\d)"/.exec(line)?.[1])).toEqual(['v1', 'v2', 'v3'])
    expect(output).toContain('25% to "v2"')
  })

  it('promotes the canary that is judged well and approved, and takes the one back that fails', () => {
    expect(output).toMatch(/judge: pass, .+\n {2}approve …\n {2}ann says approve/)
    expect(output).toMatch(/judge: fail, .+\n {2}turns back: /)
  })

  it('goes back to the first release in one call, and drops no order', () => {
    const [outcomes, summary] = output.trimEnd().split('\n').slice(-2)
    expect(outcomes).toBe('v1, v2, v3, back to v1: promoted, promoted, rolled-back, promoted')
    expect(summary).toMatch(/^serving v1 · orders [1-9]\d* · dropped 0$/)
  })

  it('is shorter than 80 lines', async () => {
    expect((await readFile(source, 'utf8')).trimEnd().split('\n').length).toBeLessThan(80)
  })
})
