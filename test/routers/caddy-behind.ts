import { type NodeRouter, nodeRouter } from '@changeover/router-node'
import { freePort } from '../balancers/free-port.ts'
import { proxyProcess } from '../balancers/proxy-process.ts'
import { programs } from '../debian-packages.ts'

/** The way to no cut connection with Caddy: it stands before a router whose tables it knows nothing of. */
export interface CaddyBehind {
  readonly router: NodeRouter
  readonly service: string
  /** Where clients reach the service: the Caddy. */
  readonly url: string
  close(): Promise<void>
}

/** Starts both; undefined where there is no Caddy here. */
export async function caddyBehind(): Promise<CaddyBehind | undefined> {
  const [command] = (await programs({ command: 'caddy', package: 'caddy' })) ?? []
  if (command === undefined) return undefined
  const service = 'shop'
  const router = nodeRouter({ listeners: { [service]: { port: 0 } } })
  await router.listen()
  const port = await freePort()
  const proxy = await proxyProcess({
    command: 'env',
    configuration: () => caddyfile(port, new URL(router.url(service)).host),
    args: (directory, file) => [
      ...['HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'].map((name) => `${name}=${directory}`),
      command,
      'run',
      '--config',
      file,
      '--adapter',
      'caddyfile',
    ],
    port,
  })
  return {
    router,
    service,
    url: `http://127.0.0.1:${port}`,
    async close() {
      await proxy[Symbol.asyncDispose]()
      await router.close()
    },
  }
}

function caddyfile(port: number, upstream: string): string {
  return `
{
  admin off
}
http://127.0.0.1:${port} {
  reverse_proxy ${upstream}
}
`
}
