import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { nodeRouter } from '@changeover/router-node'
import type { RouterSubject } from '@changeover/testing'
import { programs } from './debian-packages.ts'
import { renderRouters, type RouterRow } from './fixtures/render-routers.ts'
import { caddyUnderTest } from './routers/caddy.ts'
import { haproxyUnderTest } from './routers/haproxy.ts'
import { findNginx, nginxUnderTest } from './routers/nginx.ts'
import { detachedRouter } from './routers/node-process.ts'

/** Every router of the project, as it is started. */
const nginx = await findNginx()
const others = await programs(
  { command: 'haproxy', package: 'haproxy' },
  { command: 'caddy', package: 'caddy' },
)

/** A router, how it is set up, and how its program tells its version. */
interface Listed {
  readonly name: string
  readonly setup?: string
  readonly version?: readonly [program: string | undefined, flag: string]
  readonly start: () => Promise<RouterSubject | undefined>
}

const routers: readonly Listed[] = [
  { name: 'nodeRouter', start: async () => embedded() },
  { name: 'nodeRouterProcess', start: () => detachedRouter() },
  { name: 'haproxyRouter', version: [others?.[0], '-v'], start: () => haproxyUnderTest() },
  ...(['lua', 'file', 'reload'] as const).map((mode): Listed => ({
    name: 'nginxRouter',
    setup: `mode \`${mode}\``,
    version: [nginx?.command, '-v'],
    start: async () => nginx && nginxUnderTest({ mode, programs: nginx }),
  })),
  { name: 'caddyRouter', version: [others?.[1], 'version'], start: () => caddyUnderTest() },
]

describe.skipIf(!nginx || !others)('The documentation', () => {
  it('of the routers is what they say themselves (vitest --update writes it)', async () => {
    const rows: RouterRow[] = []
    for (const router of routers) rows.push(await asked(router))
    await expect(renderRouters(rows)).toMatchFileSnapshot('../docs/routers.md')
  })
})

async function asked({ name, setup = '', version, start }: Listed): Promise<RouterRow> {
  const subject = await start()
  if (!subject) throw new Error(`${name} is not there`)
  try {
    const { router, deviations = {} } = subject
    const told = await versionOf(...(version ?? [undefined, '']))
    return { name, setup, version: told, capabilities: await router.probe(), deviations }
  } finally {
    await subject.close()
  }
}

/** Major and minor version of a program; of this project's own routers there is one. */
async function versionOf(program: string | undefined, flag: string): Promise<string> {
  if (program === undefined) return 'this one'
  const { stdout, stderr } = await promisify(execFile)(program, [flag])
  return /\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown'
}

function embedded(): RouterSubject {
  const router = nodeRouter({ listeners: { shop: { port: 0 } } })
  return { router, service: 'shop', close: () => router.close() }
}
