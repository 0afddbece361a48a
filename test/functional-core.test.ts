import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

const impurities = [
  'Date.now()',
  'performance.now()',
  'Math.random()',
  'crypto.randomUUID()',
  'process.env',
  'setTimeout(() => 1, 1)',
  'setInterval(() => 1, 1)',
  'setImmediate(() => 1)',
  'AbortSignal.timeout(1)',
  'globalThis.setTimeout',
]

const impureImports = [
  `import { setTimeout as value } from 'node:timers/promises'`,
  `import { setTimeout as value } from 'node:timers'`,
  `import { performance as value } from 'node:perf_hooks'`,
  `import { env as value } from 'node:process'`,
  `import { randomUUID as value } from 'node:crypto'`,
]

describe('The functional core of the engine, by the rules of the linter', () => {
  let workspace: string
  let complaints: ReadonlyMap<string, string>

  const lines = [
    ...impurities.map((text) => `export const value: unknown = ${text}\n`),
    ...impureImports.map((text) => `${text}\nexport const copy: unknown = value\n`),
  ]

  beforeAll(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'changeover-core-'))
    const sources = join(workspace, 'packages/engine/src')
    await mkdir(sources, { recursive: true })
    await copyFile(join(root, '.oxlintrc.json'), join(workspace, '.oxlintrc.json'))
    for (const [index, line] of lines.entries()) {
      await writeFile(join(sources, `core-${index}.ts`), line)
      await writeFile(join(sources, `system-${index}.ts`), line)
    }
    complaints = await lint(workspace)
  })

  afterAll(() => rm(workspace, { recursive: true, force: true }))

  it.each([...lines.entries()])('file %i of the core is refused: %s', (index) => {
    expect(complaints.get(`packages/engine/src/core-${index}.ts`)).toMatch(/no-restricted/)
  })

  it('the thin shell, files named system-*.ts, may do all of it', () => {
    expect([...complaints.keys()].filter((file) => file.includes('system-'))).toEqual([])
  })
})

describe('The functional core of the engine, by its text', () => {
  it('does not read the time by new Date(), which the linter cannot forbid', async () => {
    const sources = join(root, 'packages/engine/src')
    const files = (await readdir(sources, { recursive: true })).filter(isCoreSource)
    const texts = await Promise.all(files.map((file) => readFile(join(sources, file), 'utf8')))
    expect(files.filter((_, index) => /new Date\(\s*\)/.test(texts[index]!))).toEqual([])
    expect(files.length).toBeGreaterThan(0)
  })
})

/** The thin shell, system-*.ts and file-*.ts, may look at the clock: see .oxlintrc.json. */
function isCoreSource(file: string): boolean {
  return file.endsWith('.ts') && !/(?:^|\/)(?:system|file)-[^/]*$/.test(file)
}

/** Rule names by file. The linter exits with 1 because it finds what it should. */
async function lint(directory: string): Promise<ReadonlyMap<string, string>> {
  const program = join(root, 'node_modules/.bin/oxlint')
  const stdout = await new Promise<string>((resolve) => {
    execFile(program, ['--format', 'json', 'packages'], { cwd: directory }, (_, text) => {
      resolve(text)
    })
  })
  const report = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] }
  return new Map(report.diagnostics.map(({ filename, code }) => [filename, code]))
}
