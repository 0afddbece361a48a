import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { describe, expect, it } from 'vitest'

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports: Record<string, Record<string, string>>
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
}

/** Modules that do something when they are imported. */
const registering: Readonly<Record<string, readonly string[]>> = {
  '@changeover/migrations': ['jest', 'vitest'].flatMap((name) => [
    `./dist/matchers/${name}.js`,
    `./src/matchers/${name}.ts`,
  ]),
}

const packagesFolder = fileURLToPath(new URL('../packages', import.meta.url))
const packages = manifestFiles(packagesFolder)
  .map((file) => ({ folder: dirname(file), manifest: parseManifest(file) }))
  .filter(({ manifest }) => manifest.private !== true)
  .map(({ folder, manifest }) => ({ name: manifest.name, folder, manifest }))

describe.each(packages)('The published package $name', ({ name, folder, manifest }) => {
  const entries = Object.keys(manifest.exports).map((subpath) => join(name, subpath))

  it('says all that the registry and its users need, and no address of a repository', () => {
    expect(manifest).toMatchObject({
      name: expect.stringMatching(/^(?:@changeover\/[a-z-]+|changeover)$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      description: expect.stringMatching(/.{20,}\.$/),
      license: 'MIT',
      type: 'module',
      // Subpaths that register something by being imported are named; nothing else does anything when it is loaded.
      sideEffects: registering[name] ?? false,
      engines: { node: '>=20.19' },
      files: expect.arrayContaining(['dist', 'src']),
    })
    for (const field of ['repository', 'homepage', 'bugs', 'main', 'module', 'scripts']) {
      expect(manifest).not.toHaveProperty(field)
    }
  })

  it.each(Object.entries(manifest.exports))(
    'exports %s as source, types and code',
    (_, conditions) => {
      expect(Object.keys(conditions)).toEqual(['@changeover/source', 'types', 'default'])
      for (const file of Object.values(conditions)) {
        expect(existsSync(join(folder, file)), `${file} exists (npm run build)`).toBe(true)
      }
    },
  )

  it('gives publint nothing to say', async () => {
    const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  it.each(entries)('%s gives the same names to import and to require()', async (entry) => {
    const imported = await run(folder, `import('${entry}').then(${printNames})`)
    const required = await run(folder, `(${printNames})(require('${entry}'))`)
    expect(required).toBe(imported)
  })

  it('has no `any` in its declarations', () => {
    const declarations = filesBelow(join(folder, 'dist')).filter((file) => file.endsWith('.d.ts'))
    const loose = declarations.filter((file) => /\bany\b/.test(codeOf(file)))
    expect(loose).toEqual([])
    expect(declarations.length).toBeGreaterThan(0)
  })

  it('pins every dependency to one exact version', () => {
    const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    const loose = ranges.filter(([, range]) => !/^(?:\d+\.\d+\.\d+\S*|workspace:\*)$/.test(range))
    expect(loose).toEqual([])
  })

  it('says in its README what each dependency is for', () => {
    const lines = readFileSync(join(folder, 'README.md'), 'utf8').split('\n')
    const used = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    expect(used.filter((dependency) => !lines.some(explains(dependency)))).toEqual([])
  })
})

describe('All packages together', () => {
  it('are found', () => {
    expect(packages.map(({ name }) => name)).toContain('@changeover/engine')
  })

  it('agree on one version of each dependency', () => {
    const versions = new Map<string, Set<string>>()
    for (const { manifest } of packages) {
      for (const [name, version] of Object.entries({ ...manifest.dependencies })) {
        versions.set(name, (versions.get(name) ?? new Set()).add(version))
      }
    }
    expect([...versions].filter(([, found]) => found.size > 1)).toEqual([])
  })
})

const printNames = `(names) => console.log(Object.keys(names).toSorted().join(' '))`

/** Runs a line of CommonJS in a plain Node, inside the package, which finds itself by its own name. */
async function run(folder: string, code: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code], { cwd: folder })
  return stdout
}

/** A line that names the dependency in code quotes and goes on for at least four words. */
function explains(dependency: string): (line: string) => boolean {
  return (line) => {
    const rest = line.split(`\`${dependency}\``)
    return rest.length > 1 && rest.join(' ').split(/\s+/).filter(Boolean).length >= 4
  }
}

/** The declaration without comments and strings, where `any` is a word like any other. */
function codeOf(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'|"[^"\n]*"/g, '')
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) =>
    join(folder, file),
  )
}

function manifestFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .flatMap((entry) => {
      const below = join(folder, entry.name)
      const manifest = join(below, 'package.json')
      return existsSync(manifest) ? [manifest] : manifestFiles(below)
    })
}

function parseManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest
}
