import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it } from 'vitest'
import { fileOf } from '../src/releases.ts'

describe('The story of a renamed column', () => {
  let code: number | null
  let output: string
  let errors: string

  beforeAll(async () => {
    const story = spawn(process.execPath, [fileOf('dist/main.js')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const killer = setTimeout(() => story.kill('SIGKILL'), 110_000)
    const ended = new Promise<number | null>((resolve) => story.once('close', resolve))
    ;[output, errors, code] = await Promise.all([text(story.stdout), text(story.stderr), ended])
    clearTimeout(killer)
  }, 120_000)

  /** What was said between two lines that begin so. */
  const between = (from: string, to: string): string =>
    output.split(`\n${from}`)[1]?.split(`\n${to}`)[0] ?? ''

  it('ends by itself, without a complaint', () => {
    const told = code === 0 ? '' : output
    expect({ code, errors, told }).toEqual({ code: 0, errors: '', told: '' })
  })

  it('promotes three releases, one after another, and all of them answer requests', () => {
    expect(output.match(/^v\d: .+$/gm)).toEqual(['v1: promoted', 'v2: promoted', 'v3: promoted'])
    expect(output).toMatch(/^answered by v1 [1-9]\d*, v2 [1-9]\d*, v3 [1-9]\d*$/m)
  })

  it('loses no request and no write', () => {
    expect(output.trimEnd().split('\n').at(-1)).toMatch(
      /^sent [1-9][\d,]* · dropped 0 · .+ · writes lost 0$/,
    )
  })

  it('refuses to drop the column while v1 is live, naming v1 and its query, and runs nothing', () => {
    const refusal = between('v2 writes both columns', 'v2 again')
    expect(refusal).toMatch(
      /005_drop_name\.sql:\d+:\d+ drop-column: Release v1 .+: INSERT INTO users \(name\)/,
    )
    expect(refusal).not.toContain(' ran')
  })

  it('refuses it while v2 is the only release to go back to, naming v2 and its query', () => {
    const refusal = between('v3 knows full_name', 'v3 again')
    expect(refusal).toMatch(
      /005_drop_name\.sql:\d+:\d+ drop-column: Release v2 .+: INSERT INTO users \(name, full_name\)/,
    )
    expect(refusal).not.toContain('Release v1')
    expect(refusal).not.toContain(' ran')
  })

  it('runs each migration once, in the order of the phases, and fills every row in between', () => {
    expect(output.match(/^ {2}.+ ran$/gm)?.map((line) => line.trim().split('_')[0])).toEqual([
      '001',
      '002',
      '003',
      '004',
      '005',
    ])
    expect(between('  001_add_full_name ran', 'v2: promoted')).toMatch(
      /users\.full_name: \d+ rows filled, in 20 batches/,
    )
  })

  it('leaves the new column alone, required, and no way back to v2', () => {
    expect(output).toContain('\nusers: id not null, full_name not null\n')
    expect(between('Back to v2', 'users:')).toContain('"v3" is the lowest release that may start')
  })
})
