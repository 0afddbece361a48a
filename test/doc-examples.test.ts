import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type DocExample,
  exportedNames,
  extractExamples,
  extractFenced,
  type KnownNames,
  toModule,
  worldNames,
} from './fixtures/doc-examples.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const workspace = join(root, 'node_modules/.cache/doc-examples')
const world = join(root, 'test/fixtures/doc-example-world.ts')

/** Two that are made up, to see that the compiler really looks. */
const good: DocExample = { file: 'made-up', line: 7, code: 'capacity' }
const bad: DocExample = { file: 'made-up', line: 40, code: "\ncapacity({ replicas: 'ten' })" }

const packages = indexFiles(join(root, 'packages')).map((index) => ({
  folder: dirname(dirname(index)),
  name: packageName(dirname(dirname(index))),
  names: exportedNames(readFileSync(index, 'utf8')),
}))
const comments = packages.flatMap(({ folder }) => examplesBelow(join(folder, 'src')))
const pages = [
  ...packages.map(({ folder }) => join(folder, 'README.md')),
  ...readdirSync(join(root, 'docs')).map((name) => join(root, 'docs', name)),
]
const fenced = pages.flatMap((page) =>
  extractFenced(pathFromRoot(page), readFileSync(page, 'utf8')),
)
const examples = [...comments, ...fenced]

describe('An example in a documentation comment or a page', () => {
  let complaints: ReadonlyMap<DocExample, string[]>

  beforeAll(async () => {
    complaints = await compile([...examples, good, bad])
  }, 120_000)

  it.each(examples.map((example) => ({ place: `${example.file}:${example.line}`, example })))(
    'compiles: $place',
    ({ example }) => {
      expect(complaints.get(example)).toEqual([])
    },
  )

  it('would be refused, with the line that is wrong, if it did not compile', () => {
    expect(complaints.get(good)).toEqual([])
    expect(complaints.get(bad)).toEqual([expect.stringMatching(/^made-up:41: .*TS2322/)])
  })

  it('is found in every package', () => {
    const found = new Set(comments.map(({ file }) => file.replace(/\/src\/.*/, '')))
    const all = packages.map(({ folder }) => pathFromRoot(folder))
    expect([...found].toSorted()).toEqual(all.toSorted())
  })
})

describe('Reading the comments', () => {
  it('takes the fenced block, or everything up to the next tag', () => {
    const text = [
      '/**',
      ' * Adds.',
      ' * @example',
      ' * ```ts',
      ' * add(1,',
      ' *   2)',
      ' * ```',
      ' * @throws never',
      ' */',
      'export function add() {}',
      '/**',
      ' * @example',
      ' * subtract()',
      ' */',
    ].join('\n')
    expect(extractExamples('a.ts', text)).toEqual([
      { file: 'a.ts', line: 5, code: 'add(1,\n  2)' },
      { file: 'a.ts', line: 13, code: 'subtract()' },
    ])
  })

  it('imports what an example mentions and does not declare, each name from the first that has it', () => {
    const known = new Map([
      ['one', new Set(['a', 'b', 'c'])],
      ['two', new Set(['b', 'd'])],
    ])
    const code = "import { c } from 'elsewhere'\nconst { x: d } = a(b)"
    expect(toModule({ file: 'a.ts', line: 1, code }, known)).toBe(
      `import { a, b } from 'one'; export {}\n${code}\n`,
    )
  })
})

/** What the compiler has to say about each, all compiled in one run. */
async function compile(all: readonly DocExample[]): Promise<ReadonlyMap<DocExample, string[]>> {
  rmSync(workspace, { recursive: true, force: true })
  mkdirSync(workspace, { recursive: true })
  const files = all.map((example, n) => {
    writeFileSync(join(workspace, `${n}.mts`), toModule(example, knownNames(example)))
    return `${n}.mts`
  })
  const compilerOptions = {
    composite: false,
    noEmit: true,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
    isolatedDeclarations: false,
    declaration: false,
    declarationMap: false,
    noUnusedLocals: false,
    verbatimModuleSyntax: false,
  }
  const config = { extends: '../../../tsconfig.base.json', compilerOptions, files }
  writeFileSync(join(workspace, 'tsconfig.json'), JSON.stringify(config))
  const lines = (await typeCheck(workspace)).split('\n')
  return new Map(
    all.map((example, n) => [example, lines.flatMap((line) => told(line, n, example))]),
  )
}

/** A line of the compiler's, if it is about module `n`, with the place in the comment that it is about. */
function told(line: string, n: number, { file, line: first }: DocExample): string[] {
  const [, module, at, problem] = /^(\d+)\.mts\((\d+),\d+\): (.*)$/.exec(line) ?? []
  return module === String(n) ? [`${file}:${first + Number(at) - 2}: ${problem}`] : []
}

/** The compiler's output. It exits with 1 or 2 where it has something to say. */
function typeCheck(directory: string): Promise<string> {
  const program = join(root, 'node_modules/.bin/tsc')
  return new Promise((resolve) => {
    execFile(program, ['-p', '.', '--pretty', 'false'], { cwd: directory }, (_, text) =>
      resolve(text),
    )
  })
}

/** The names of an example's own package come first, then those of the world, then those of the other packages. */
function knownNames({ file }: DocExample): KnownNames {
  const own = packages.filter(({ folder }) => file.startsWith(`${pathFromRoot(folder)}/`))
  const others = packages.filter((one) => !own.includes(one))
  const path = relative(workspace, world).split(sep).join('/')
  const entries = (list: typeof packages) => list.map(({ name, names }) => [name, names] as const)
  const background = [path, worldNames(readFileSync(world, 'utf8'))] as const
  return new Map([...entries(own), background, ...entries(others)])
}

function examplesBelow(folder: string): DocExample[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
    .flatMap((file) => extractExamples(pathFromRoot(file), readFileSync(file, 'utf8')))
}

/** `src/index.ts` of every package. */
function indexFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .flatMap((entry) => {
      const below = join(folder, entry.name)
      const isPackage = readdirSync(below).includes('package.json')
      return isPackage ? [join(below, 'src/index.ts')] : indexFiles(below)
    })
}

function packageName(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
  }
  return manifest.name
}

function pathFromRoot(path: string): string {
  return relative(root, path).split(sep).join('/')
}
