import { readdirSync, readFileSync } from 'node:fs'
import * as console from '@changeover/console'
import * as engine from '@changeover/engine'
import * as processFleet from '@changeover/fleet-process'
import * as lifecycle from '@changeover/lifecycle'
import * as migrations from '@changeover/migrations'
import * as notifiers from '@changeover/notifiers'
import * as caddyRouter from '@changeover/router-caddy'
import * as haproxyRouter from '@changeover/router-haproxy'
import * as nginxRouter from '@changeover/router-nginx'
import * as nodeRouter from '@changeover/router-node'
import * as postgresStore from '@changeover/store-postgres'
import * as testing from '@changeover/testing'
import * as cli from 'changeover'
import { describe, expect, it } from 'vitest'
import { type ErrorRegistry, type ErrorTemplate, renderErrors } from './fixtures/render-errors.ts'
import { type MetricCatalog, type MetricEntry, renderMetrics } from './fixtures/render-metrics.ts'

/** Packages that export a registry of their errors are found by its name, ERROR_CODES. */
const packages: Record<string, object> = {
  '@changeover/console': console,
  '@changeover/engine': engine,
  '@changeover/fleet-process': processFleet,
  '@changeover/lifecycle': lifecycle,
  '@changeover/migrations': migrations,
  '@changeover/notifiers': notifiers,
  '@changeover/router-caddy': caddyRouter,
  '@changeover/router-haproxy': haproxyRouter,
  '@changeover/router-nginx': nginxRouter,
  '@changeover/router-node': nodeRouter,
  '@changeover/store-postgres': postgresStore,
  '@changeover/testing': testing,
  changeover: cli,
}

/** Packages with a registry, by their folders. */
const sources = [
  'cli',
  'console',
  'engine',
  'fleets/process',
  'lifecycle',
  'migrations',
  'notifiers',
  'routers/caddy',
  'routers/haproxy',
  'routers/nginx',
  'routers/node',
  'stores/postgres',
  'testing',
]

describe('The documentation', () => {
  const registries = Object.entries(packages).flatMap(registryOf)

  it('of the errors is what the registries say (vitest --update writes it)', async () => {
    expect(registries.map((registry) => registry.package)).toContain('@changeover/engine')
    await expect(renderErrors(registries)).toMatchFileSnapshot('../docs/errors.md')
  })

  it('of the metrics is what the catalogs say (vitest --update writes it)', async () => {
    const catalogs = Object.entries(packages).flatMap(catalogOf)
    expect(catalogs.map((catalog) => catalog.package)).toContain('@changeover/lifecycle')
    await expect(renderMetrics(catalogs)).toMatchFileSnapshot('../docs/metrics.md')
  })

  it('of the errors has every code that the sources throw, and no other', () => {
    const documented = registries.flatMap(({ codes }) => Object.keys(codes))
    const thrown = sources.flatMap(codesIn)
    expect(thrown).toContain('CHANGEOVER_LIFECYCLE_DRAINING')
    expect([...new Set(thrown)].toSorted()).toEqual(documented.toSorted())
  })

  it('of the errors has one place for each code', () => {
    const headings = renderErrors(registries).match(/^### .+$/gm) ?? []
    const codes = registries.flatMap((registry) => Object.keys(registry.codes))
    expect(headings).toHaveLength(codes.length)
    expect(new Set(headings).size).toBe(codes.length)
  })
})

describe('The reference of the errors', () => {
  it('goes by package and code, and marks what is filled in', () => {
    const codes = {
      CHANGEOVER_B: { what: 'B broke {what_broke}.', why: 'Because.', next: 'Mend {it}' },
      CHANGEOVER_A: { what: 'A.', why: 'So.', next: 'Go.' },
    }
    const text = renderErrors([{ package: '@changeover/some', codes }])
    expect(text.slice(text.indexOf('## '))).toBe(`## @changeover/some

### CHANGEOVER_A

- **What was refused:** A.
- **Why:** So.
- **What next:** Go.

### CHANGEOVER_B

- **What was refused:** B broke \`{what_broke}\`.
- **Why:** Because.
- **What next:** Mend \`{it}\`
`)
  })
})

function registryOf([name, module]: [string, object]): ErrorRegistry[] {
  const codes = Reflect.get(module, 'ERROR_CODES') as Record<string, ErrorTemplate> | undefined
  return codes === undefined ? [] : [{ package: name, codes }]
}

/** Packages that export a catalog of their metrics are found by its name, METRICS. */
function catalogOf([name, module]: [string, object]): MetricCatalog[] {
  const metrics = Reflect.get(module, 'METRICS') as Record<string, MetricEntry> | undefined
  return metrics === undefined ? [] : [{ package: name, metrics: Object.values(metrics) }]
}

/** Codes that are passed to whatever builds an error, outside of the registry itself. */
function codesIn(name: string): string[] {
  const url = new URL(`../packages/${name}/src/`, import.meta.url)
  const paths = readdirSync(url, { encoding: 'utf8', recursive: true })
  const files = paths.filter((name) => name.endsWith('.ts') && !registryFile.test(name))
  const texts = files.map((name) => readFileSync(new URL(name, url), 'utf8'))
  return texts
    .flatMap((text) => text.match(/(?<=')CHANGEOVER_[A-Z_]+[A-Z](?=')/g) ?? [])
    .filter(isCode)
}

const registryFile = /(error-codes?|router-error|fleet-error|testing-error)\.ts$/

/** Names of environment variables look alike. */
function isCode(name: string): boolean {
  return !variables.has(name)
}

const variables = new Set([
  'CHANGEOVER_DIRECTORY',
  'CHANGEOVER_NOTICE',
  'CHANGEOVER_TOKEN',
  'CHANGEOVER_URL',
  'CHANGEOVER_SERVICE',
  'CHANGEOVER_RELEASE',
  'CHANGEOVER_VERSION',
  'CHANGEOVER_INSTANCE',
])
