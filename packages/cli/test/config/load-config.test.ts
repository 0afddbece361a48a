import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChangeoverError } from '@changeover/engine'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PlacedProblem } from '../../src/config/config-error.ts'
import { loadConfig } from '../../src/config/load-config.ts'

const GOOD = { services: { shop: { command: ['node', 'server.js'], replicas: 2, port: 8080 } } }

describe('A config', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'changeover-config-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const refusal = async (file: string): Promise<ChangeoverError> => {
    const error: unknown = await loadConfig(file).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (error instanceof ChangeoverError) return error
    throw new Error('it was not refused')
  }
  const problemsOf = async (file: string): Promise<string[]> => {
    const { code, details } = await refusal(file)
    expect(code).toBe('CHANGEOVER_CONFIG_INVALID')
    const problems = details['problems'] as readonly PlacedProblem[]
    return problems.map(({ line, column, field }) => `${line}:${column} ${field}`)
  }

  it('is found by its folder, as JSON', async () => {
    write('changeover.config.json', JSON.stringify(GOOD))
    const config = await loadConfig(folder)
    expect([...config.services.keys()]).toEqual(['shop'])
    expect(config.services.get('shop')).toMatchObject({
      replicas: 2,
      listen: { port: 8080, host: '127.0.0.1' },
      cwd: folder,
    })
  })

  it('may be TypeScript that imports nothing but changeover, wherever it lies', async () => {
    const text = `
      import { bake, canary, defineConfig, weight } from 'changeover'
      import { port } from './port.ts'
      export default defineConfig({
        services: {
          shop: {
            command: ['node', 'server.js'] satisfies [string, string],
            replicas: 2,
            port,
            strategy: canary({ steps: [weight(10), bake('1m')] }),
          },
        },
        hooks: { smoke: async () => undefined },
      })`
    write('port.ts', 'export const port: number = 8081')
    const config = await loadConfig(write('changeover.config.ts', text))
    expect(config.services.get('shop')?.listen?.port).toBe(8081)
    expect(config.services.get('shop')?.strategy.name).toBe('canary')
    expect(Object.keys(config.hooks)).toEqual(['smoke'])
  })

  it('is read anew each time, with all that it imports', async () => {
    write('port.mjs', 'export const port = 8081')
    const file = write(
      'changeover.config.mjs',
      `import { port } from './port.mjs'
       export default { services: { shop: { command: ['node'], replicas: 1, port } } }`,
    )
    const before = await loadConfig(file)
    write('port.mjs', 'export const port = 8082')
    const after = await loadConfig(file)
    expect([before, after].map(({ services }) => services.get('shop')?.listen?.port)).toEqual([
      8081, 8082,
    ])
  })

  it('may await what it needs', async () => {
    const file = write(
      'changeover.config.mjs',
      `const port = await Promise.resolve(8083)
       export default { services: { shop: { command: ['node'], replicas: 1, port } } }`,
    )
    expect((await loadConfig(file)).services.get('shop')?.listen?.port).toBe(8083)
  })

  it('that is missing is told with every place that was looked at', async () => {
    const { code, message } = await refusal(folder)
    expect(code).toBe('CHANGEOVER_CONFIG_MISSING')
    expect(message).toContain(join(folder, 'changeover.config.ts'))
    expect(message).toContain(join(folder, 'changeover.config.json'))
  })

  it('that is there twice is refused', async () => {
    write('changeover.config.json', JSON.stringify(GOOD))
    write('changeover.config.mjs', `export default ${JSON.stringify(GOOD)}`)
    expect(await refusal(folder)).toMatchObject({ code: 'CHANGEOVER_CONFIG_AMBIGUOUS' })
  })

  it.each([
    ['changeover.config.json', '{\n  "services": {,}\n}', 2, 16],
    ['changeover.config.json', '{\n  "services": {},\n}', 3, 1],
    ['changeover.config.mjs', 'export default {\n  services: }\n', 2, 13],
    ['changeover.config.ts', 'const a: = 1\nexport default {}\n', 1, 10],
    ['changeover.config.ts', "\nthrow new Error('no')\nexport default {}\n", 2, 7],
  ])('%s that cannot be read is told by line and column: %j', async (name, text, line, column) => {
    const { code, details } = await refusal(write(name, text))
    expect(code).toBe('CHANGEOVER_CONFIG_UNREADABLE')
    expect(details).toMatchObject({ line, column })
  })

  const JSON_TEXT = `{
  "services": {
    "shop": {
      "command": ["node", "{verson}/server.js"],
      "replicas": "2",
      "prot": 8080
    },
    "admin": { "command": [], "replicas": 1, "port": 70000 }
  },
  "http": { "port": 4400, "host": "0.0.0.0" },
  "leasTtl": "15s"
}`

  it('as JSON is told all that is wrong with it, each by line, column and field', async () => {
    const file = write('changeover.config.json', JSON_TEXT)
    expect(await problemsOf(file)).toEqual([
      '11:3 leasTtl',
      '5:7 services.shop.replicas',
      '6:7 services.shop.prot',
      '8:16 services.admin.command.0',
      '8:46 services.admin.port',
    ])
  })

  const TS_TEXT = `import { defineConfig } from 'changeover'

const admin = {
  command: ['node', 'server.js'],
  replicas: 0,
  port: 8080,
} as const

export default defineConfig({
  services: {
    shop: {
      command: ['node', 'server.js', '{verson}'],
      replicas: 2,
      port: 8080,
      strategy: { canary: { steps: [{ weight: 10 }, { bake: 'soon' }, { wait: 3 }] } },
      env: { DATABASE_URL: 'postgres://shop:geheim@db/shop', API_TOKEN: 'abc' },
    },
    admin,
    ['mail']: { command: ['node'], replicas: 1, port: 8080, strategy: { rolling: { maxSurg: 1 } } },
  },
  store: { postgres: { connection: 'postgres://shop:geheim@db/shop' } },
} satisfies object)
`

  it.each(['changeover.config.ts', 'changeover.config.mjs'])(
    'as %s is told the same, also through constants of the file',
    async (name) => {
      const text = name.endsWith('ts')
        ? TS_TEXT
        : TS_TEXT.replace(' as const', '').replace(' satisfies object', '')
      const file = write(name, text)
      expect(await problemsOf(file)).toEqual([
        '12:38 services.shop.command.2',
        '16:14 services.shop.env.DATABASE_URL',
        '16:62 services.shop.env.API_TOKEN',
        '15:55 services.shop.strategy.canary.steps.1.bake.duration',
        '15:71 services.shop.strategy.canary.steps.2',
        '5:3 services.admin.replicas',
        '19:84 services.mail.strategy.rolling.maxSurg',
        '21:24 store.postgres.connection',
      ])
      const { message } = await refusal(file)
      expect(message).not.toContain('geheim')
    },
  )

  it('says the place in the form that editors open', async () => {
    const file = write('changeover.config.json', JSON_TEXT)
    expect((await refusal(file)).message).toContain(
      `${file}:5:7 services.shop.replicas: expected number`,
    )
  })

  it.each([
    [
      'a port that another service has',
      { shop: { port: 1 }, admin: { port: 1 } },
      'services.admin.port',
    ],
    ['a service without a port', { shop: {} }, 'services.shop'],
    ['a name that is none', { 'a b': { port: 1 } }, 'services.a b'],
    [
      'a password in the command',
      { shop: { port: 1, command: ['a', '--db=postgres://a:secret@db'] } },
      'services.shop.command.1',
    ],
    [
      'a connection string for the name of a variable',
      { shop: { port: 1, migrations: { directory: 'm', database: 'postgres://db' } } },
      'services.shop.migrations.database',
    ],
  ])('with %s is refused', async (_, services, field) => {
    const whole = Object.entries(services).map(([name, own]) => [
      name,
      { command: ['node'], replicas: 1, ...own },
    ])
    const file = write(
      'changeover.config.json',
      JSON.stringify({ services: Object.fromEntries(whole) as unknown }),
    )
    expect((await problemsOf(file)).join()).toContain(field)
  })

  it.each([
    ['router', { traefik: {} }, 'router'],
    ['router', { haproxy: {}, nginx: {} }, 'router'],
    ['store', { postgres: { connection: { env: 'not a name' } } }, 'store.postgres.connection.env'],
    ['store', { file: { retain: 0 } }, 'store.file.retain'],
    ['fleet', { orphans: 'stop' }, 'fleet.orphans'],
    [
      'metrics',
      { prometheus: { url: 'http://u:geheim@p', indicators: {} } },
      'metrics.prometheus.url',
    ],
    [
      'notifiers',
      { chat: { webhook: { url: 'https://x', secret: 'geheim' } } },
      'notifiers.chat.webhook.secret',
    ],
    ['http', { port: 4400, host: '0.0.0.0' }, 'http.host'],
    ['http', { port: 4400, origins: ['ftp://x'] }, 'http.origins.0'],
    ['http', { port: 4400, host: '::', tls: { cert: 'a', key: 'b' } }, 'http'],
    ['router', { caddy: { services: { mail: {} } } }, 'router.caddy.services'],
    ['hooks', { smoke: 'no function' }, 'hooks.smoke'],
    ['leaseTtl', 'soon', 'leaseTtl'],
    ['logLevel', 'loud', 'logLevel'],
  ])('with %s: %j is refused', async (key, value, field) => {
    const file = write('changeover.config.json', JSON.stringify({ ...GOOD, [key]: value }))
    expect((await problemsOf(file)).join()).toContain(` ${field}`)
    expect((await refusal(file)).message).not.toContain('geheim')
  })

  it('of a service behind another router has no port of its own', async () => {
    const config = {
      ...GOOD,
      router: { haproxy: { socket: '/run/haproxy.sock', services: { shop: { bind: '*:80' } } } },
    }
    const file = write('changeover.config.json', JSON.stringify(config))
    expect(await problemsOf(file)).toEqual([expect.stringContaining('services.shop.port')])
  })
})
