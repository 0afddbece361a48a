import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { memoryRouter, parseAddress, type Router, type RouteTable } from '@changeover/engine'
import type { RouterSubject } from '@changeover/testing'

/** What a router that knows nothing of HTTP does with the bytes that it passes on. */
export interface Splice {
  /** What the instance gets for these bytes of a client. */
  readonly up?: (text: string) => string
  /** What a client gets for these bytes of an instance. */
  readonly down?: (text: string) => string
  /** What the router says of its memory, the first time and after that. @default nothing */
  readonly memory?: readonly [first: number, later: number]
  /** Begins anew with each table, without any of its connections. */
  readonly anew?: boolean
  /** Takes connections and does nothing with them. */
  readonly deaf?: boolean
}

/** A subject that passes bytes to the first instance of its table, as they are or nearly so. */
export async function splicedRouter(splice: Splice = {}): Promise<RouterSubject> {
  const kept = memoryRouter()
  const sockets = new Set<Socket>()
  let target: RouteTable['pools'][number]['instances'][number] | undefined
  const router: Router = {
    ...kept,
    apply(table, options) {
      target = table.pools[0]?.instances[0]
      if (splice.anew) for (const socket of sockets) socket.destroy()
      return kept.apply(table, options)
    },
  }
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const { host, port } = parseAddress(target?.address ?? '') ?? { host: '127.0.0.1', port: 9 }
    const instance = connect({ host, port, allowHalfOpen: true })
    for (const socket of [client, instance]) {
      sockets.add(socket)
      socket.on('close', () => [client, instance].forEach((one) => one.destroy()))
      socket.on('error', () => undefined)
    }
    if (splice.deaf) return
    passOn(client, instance, splice.up)
    passOn(instance, client, splice.down)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return {
    router,
    service: 'shop',
    url: `http://127.0.0.1:${address.port}`,
    patience: '1500ms',
    ...remembering(splice.memory),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function remembering(memory: Splice['memory']): Pick<RouterSubject, 'memory'> {
  if (!memory) return {}
  const [first, later] = memory
  let asked = 0
  return { memory: async () => (asked++ === 0 ? first : later) }
}

function passOn(from: Socket, to: Socket, change: Splice['up']): void {
  if (!change) return void from.pipe(to)
  from.on('data', (bytes) => {
    to.write(change(bytes.toString('latin1')), 'latin1')
  })
  from.on('end', () => to.end())
}
