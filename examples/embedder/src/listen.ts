import { once } from 'node:events'
import type { Server } from 'node:http'

/** Opens a free port, for this machine only. @returns `host:port` */
export async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return `${address.address}:${address.port}`
}
