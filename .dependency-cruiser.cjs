// Which package may import which, and how. Run from the workspace root (`npm run boundaries`);
// test/boundaries.test.ts proves that every rule below bites.
const { existsSync, readFileSync, readdirSync } = require('node:fs')
const nodePath = require('node:path')

const adapter = '(?:routers|fleets|metrics)/[^/]+'

/** Arrows point down only: each kind of package with the kinds that its sources may import. */
const arrows = {
  engine: [],
  lifecycle: [],
  migrations: [],
  testing: ['engine'],
  [adapter]: ['engine'],
  // Its schema changes go through our own guard.
  'stores/postgres': ['engine', 'migrations'],
  notifiers: ['engine'],
  console: ['engine'],
  cli: ['engine', adapter, 'stores/postgres', 'console', 'lifecycle', 'migrations', 'notifiers'],
}

const anyPackage = Object.keys(arrows).join('|')
const sources = `^packages/(${anyPackage})/src/`

const arrowRules = Object.entries(arrows).map(([kind, below]) => ({
  name: `arrows-of-${kind === adapter ? 'adapters' : kind}`,
  comment: 'This package may not import that one: see the table in .dependency-cruiser.cjs.',
  severity: 'error',
  from: { path: `^packages/(${kind})/src/` },
  to: { path: '^packages/', pathNot: `^packages/(?:${['$1', ...below].join('|')})/` },
}))

/** Package folders below packages/, as paths such as `routers/node`. */
const folders = (directory = '') =>
  readdirSync(nodePath.join('packages', directory), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => nodePath.join(directory, entry.name))
    .flatMap((path) => {
      if (existsSync(nodePath.join('packages', path, 'package.json'))) return [path]
      return directory === '' ? folders(path) : []
    })

const packages = folders().map((path) => ({
  path,
  manifest: JSON.parse(readFileSync(nodePath.join('packages', path, 'package.json'), 'utf8')),
}))

// dependency-cruiser cannot tell whether a workspace package is declared: it sees a folder, not a registry package.
const declarationRules = packages.map(({ path, manifest }) => {
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies }
  const allowed = packages.filter((other) => other.path === path || other.manifest.name in declared)
  return {
    name: 'declared-workspace-packages-only',
    comment: `packages/${path}/package.json does not list this package under dependencies.`,
    severity: 'error',
    from: { path: `^packages/${path}/src/` },
    to: {
      path: '^packages/',
      pathNot: `^packages/(?:${allowed.map((other) => other.path).join('|')})/`,
    },
  }
})

module.exports = {
  forbidden: [
    ...arrowRules,
    ...declarationRules,
    {
      name: 'every-package-has-a-place',
      comment: 'Give the new package a line in the table of arrows in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^packages/', pathNot: `^packages/(?:${anyPackage})/` },
      to: {},
    },
    {
      name: 'no-circles',
      comment: 'Types count too: two files that need each other are one file or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'other-packages-by-name',
      comment:
        'Import @changeover/<name>: the inner files of another package are its own business.',
      severity: 'error',
      // The mutants replace modules of the engine, to show that the rules of the simulator notice.
      from: {
        path: `^packages/(${anyPackage})/`,
        pathNot: '/test/(?:mutants|repair-mutants|refused-plans)\\.test\\.ts$',
      },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'packages-by-name',
      comment: 'Examples and whole-system tests use packages as everyone else does: by name.',
      severity: 'error',
      from: { path: '^(?:examples|test)/' },
      to: { path: '^packages/', dependencyTypes: ['local'] },
    },
    {
      name: 'nothing-imports-examples-or-tests',
      severity: 'error',
      // What tests of adapters share: finding, or installing, the real program, and starting it.
      from: { path: '^packages/' },
      to: {
        path: '^(?:examples|test)/',
        pathNot: '^test/(?:(?:debian-packages|postgres-process)\\.ts$|routers/|balancers/)',
      },
    },
    {
      name: 'sources-import-sources',
      comment: 'What is published may not need tests, benchmarks, fixtures or build output.',
      severity: 'error',
      from: { path: sources },
      to: { path: '^packages/$1/', pathNot: '^packages/$1/(?:src/|package\\.json$)' },
    },
    {
      name: 'no-build-output',
      comment: 'Fixtures are processes of their own: plain Node, which runs what was built.',
      severity: 'error',
      // The program that npm links is a file of a line.
      from: { pathNot: '/test/fixtures/|^packages/cli/bin/' },
      to: { path: '(?:^|/)dist/', pathNot: 'node_modules/' },
    },
    {
      name: 'sources-need-real-dependencies',
      comment: 'Types count too: they end up in the published declarations.',
      severity: 'error',
      from: { path: sources },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'] },
    },
    {
      name: 'declared-dependencies-only',
      comment: 'Add it to the package.json of the package that imports it.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable',
      comment:
        'Not installed, not declared by this package, or not exported by the other one. The peers of a benchmark are installed by it alone.',
      severity: 'error',
      from: { pathNot: '^packages/lifecycle/bench/subjects/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|(?:^|/)dist/' },
    combinedDependencies: true,
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@changeover/source', 'node', 'import', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
}
