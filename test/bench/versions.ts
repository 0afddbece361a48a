import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RouteTable } from '@changeover/engine'
import { boundProcess } from '../balancers/bound-process.ts'

const program = fileURLToPath(new URL('versions.mjs', import.meta.url))

/** One of the servers. */
export type Instance = RouteTable['pools'][number]['instances'][number]

/** The instances of each release. */
export type Versions = Readonly<Record<'blue' | 'green', readonly Instance[]>>

/** Starts two releases of two instances each. */
export async function startVersions(): Promise<Versions & AsyncDisposable> {
  const server = boundProcess({ command: process.execPath, args: [program] })
  const early = server.ended.then((code): never => {
    throw new Error(`the releases ended with ${code} before they listened`)
  })
  const [line] = await Promise.race([once(server.stdout, 'data'), early])
  early.catch(() => undefined)
  return {
    ...(JSON.parse(String(line)) as Versions),
    [Symbol.asyncDispose]: async () => void (await server.stop(1_000)),
  }
}
