import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Every package of the fixture workspace with what its package.json declares. */
const manifests: Record<string, object> = {
  engine: { dependencies: { zod: '*' }, devDependencies: { vitest: '*' } },
  lifecycle: { dependencies: { '@changeover/engine': '*' } },
  migrations: { dependencies: { '@changeover/engine': '*' } },
  testing: { dependencies: { '@changeover/engine': '*', '@changeover/lifecycle': '*' } },
  'routers/node': {
    dependencies: { '@changeover/engine': '*', '@changeover/fleets-process': '*' },
  },
  'stores/postgres': {
    dependencies: { '@changeover/migrations': '*', '@changeover/testing': '*' },
  },
  notifiers: { dependencies: { '@changeover/console': '*' } },
  'fleets/process': { devDependencies: { '@changeover/engine': '*' } },
  console: { dependencies: { '@changeover/cli': '*' } },
  cli: { dependencies: { '@changeover/console': '*', '@changeover/testing': '*' } },
  surprise: { dependencies: { '@changeover/engine': '*' } },
}

/** One file for each way to break a rule: what is imported, and the rule that has to object. */
const offences = [
  ['packages/engine/src/adapter.ts', '@changeover/routers-node', 'arrows-of-engine'],
  ['packages/engine/src/testing.ts', '@changeover/testing', 'arrows-of-engine'],
  ['packages/lifecycle/src/engine.ts', '@changeover/engine', 'arrows-of-lifecycle'],
  ['packages/migrations/src/engine.ts', '@changeover/engine', 'arrows-of-migrations'],
  ['packages/testing/src/lifecycle.ts', '@changeover/lifecycle', 'arrows-of-testing'],
  ['packages/routers/node/src/fleet.ts', '@changeover/fleets-process', 'arrows-of-adapters'],
  ['packages/stores/postgres/src/testing.ts', '@changeover/testing', 'arrows-of-stores/postgres'],
  ['packages/notifiers/src/console.ts', '@changeover/console', 'arrows-of-notifiers'],
  ['packages/console/src/cli.ts', '@changeover/cli', 'arrows-of-console'],
  ['packages/cli/src/testing.ts', '@changeover/testing', 'arrows-of-cli'],
  ['packages/surprise/src/engine.ts', '@changeover/engine', 'every-package-has-a-place'],
  ['packages/fleets/process/src/dev.ts', '@changeover/engine', 'declared-workspace-packages-only'],
  ['packages/engine/src/circle-a.ts', './circle-b.ts', 'no-circles'],
  ['packages/testing/src/inner.ts', '../../engine/src/index.ts', 'other-packages-by-name'],
  ['packages/testing/test/inner.ts', '../../engine/src/index.ts', 'other-packages-by-name'],
  ['packages/testing/src/hidden.ts', '@changeover/engine/src/index.ts', 'no-unresolvable'],
  ['packages/engine/src/missing.ts', 'no-such-package', 'no-unresolvable'],
  [
    'packages/engine/src/example.ts',
    '../../../examples/a/main.ts',
    'nothing-imports-examples-or-tests',
  ],
  ['packages/engine/test/system.ts', '../../../test/world.ts', 'nothing-imports-examples-or-tests'],
  ['packages/engine/src/own-test.ts', '../test/helper.ts', 'sources-import-sources'],
  ['packages/engine/src/built.ts', '../dist/index.js', 'no-build-output'],
  ['packages/engine/src/dev.ts', 'vitest', 'sources-need-real-dependencies'],
  ['packages/engine/src/undeclared.ts', 'left-over', 'declared-dependencies-only'],
  ['test/inner.ts', '../packages/engine/src/index.ts', 'packages-by-name'],
  ['examples/a/inner.ts', '../../packages/engine/src/index.ts', 'packages-by-name'],
] as const

/** What is allowed, so that a rule which forbids everything cannot pass either. */
const goodImports = [
  ['packages/engine/src/real-dependency.ts', 'zod'],
  ['packages/engine/test/adapter.ts', '@changeover/routers-node'],
  ['packages/engine/test/dev.ts', 'vitest'],
  ['packages/routers/node/src/engine.ts', '@changeover/engine'],
  ['packages/testing/src/engine.ts', '@changeover/engine'],
  ['packages/stores/postgres/src/migrations.ts', '@changeover/migrations'],
  ['packages/cli/src/console.ts', '@changeover/console'],
  ['examples/a/lifecycle.ts', '@changeover/lifecycle'],
  ['test/example.ts', '../examples/a/main.ts'],
] as const

interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string }
}

describe('The boundary rules, run over a workspace that breaks each of them', () => {
  let workspace: string
  let violations: readonly Violation[]

  beforeAll(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'changeover-boundaries-'))
    await writeWorkspace(workspace)
    violations = await cruise(workspace)
  })

  afterAll(() => rm(workspace, { recursive: true, force: true }))

  it.each(offences)('%s may not import %s (%s)', (from, _to, rule) => {
    expect(rulesBrokenBy(from)).toContain(rule)
  })

  it.each(goodImports)('%s may import %s', (from) => {
    expect(rulesBrokenBy(from)).toEqual([])
  })

  it('no rule is there without an offence that proves it', async () => {
    const names = [...new Set(violations.map((violation) => violation.rule.name))]
    expect(names.toSorted()).toEqual(await ruleNames())
  })

  const rulesBrokenBy = (file: string): string[] =>
    violations
      .filter((violation) => violation.from === file)
      .map((violation) => violation.rule.name)
})

async function writeWorkspace(directory: string): Promise<void> {
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  const link = async (target: string, path: string): Promise<void> => {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await symlink(join(directory, target), join(directory, path))
  }
  await write('package.json', '{"private":true}')
  for (const path of Object.keys(manifests)) {
    await write(`packages/${path}/package.json`, manifestOf(path))
    await write(`packages/${path}/src/index.ts`, 'export type Thing = string\n')
    await link(`packages/${path}`, `node_modules/${nameOf(path)}`)
  }
  for (const name of ['zod', 'vitest', 'left-over']) {
    await write(`node_modules/${name}/package.json`, `{"name":"${name}","main":"index.js"}`)
    await write(`node_modules/${name}/index.js`, 'export {}\n')
  }
  await write('packages/engine/dist/index.js', 'export {}\n')
  await write('packages/engine/test/helper.ts', 'export type Thing = string\n')
  await write('packages/engine/src/circle-b.ts', typeImport('./circle-a.ts'))
  await write('examples/a/main.ts', 'export type Thing = string\n')
  await write('test/world.ts', 'export type Thing = string\n')
  for (const [file, target] of [...offences, ...goodImports]) await write(file, typeImport(target))
}

/** Types only: they leave no trace in the emitted code, but bind packages all the same. */
function typeImport(target: string): string {
  return `import type { Thing } from '${target}'\nexport type Other = Thing\n`
}

function nameOf(path: string): string {
  return `@changeover/${path.replace('/', '-')}`
}

function manifestOf(path: string): string {
  const exports = { '.': { '@changeover/source': './src/index.ts', default: './dist/index.js' } }
  return JSON.stringify({ name: nameOf(path), type: 'module', exports, ...manifests[path] })
}

async function cruise(directory: string): Promise<readonly Violation[]> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const config = ['--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json']
  const command = [program, ...config, 'packages', 'examples', 'test']
  const options = { cwd: directory, maxBuffer: 64 * 1024 * 1024 }
  const { stdout } = await promisify(execFile)(process.execPath, command, options)
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations
}

/** The rules of the real configuration; its file is CommonJS and reads the packages of the current folder. */
async function ruleNames(): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '-p',
      'JSON.stringify(require("./.dependency-cruiser.cjs").forbidden.map((rule) => rule.name))',
    ],
    { cwd: root },
  )
  return [...new Set(JSON.parse(stdout) as string[])].toSorted()
}
