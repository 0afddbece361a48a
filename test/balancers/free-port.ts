import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/**
 * A port of 127.0.0.1 that nothing listens on, below the range from which the system takes the ports of outgoing connections:
 * otherwise one of those could take it while its server is restarted.
 */
export async function freePort(): Promise<number> {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
  const lowest = Number.parseInt(range, 10)
  const span = Math.floor((lowest - 1_024) / 2)
  for (;;) {
    const port = lowest - 1 - Math.floor(Math.random() * span)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}
