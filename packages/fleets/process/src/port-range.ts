import { once } from 'node:events'
import { createServer } from 'node:net'
import type { PortSpan } from './options.ts'
import { hasCode } from './system-error.ts'

/** Gives out ports that nobody listens on. */
export interface PortRange {
  /** A free port, taken until it is given back; undefined where there is none. Throws where `host` cannot be used. */
  take(): Promise<number | undefined>
  /** Marks a port as taken, one that an adopted instance listens on. */
  reserve(port: number): void
  giveBack(port: number): void
}

/**
 * Ports in turn, from a random one on: the turn keeps a port that was just given back unused for as long as possible,
 * so that a connection kept to an old instance does not end at a new one.
 */
export function createPortRange(
  { from, to }: PortSpan,
  host: string,
  random: () => number = Math.random,
): PortRange {
  const size = to - from + 1
  const taken = new Set<number>()
  let turn = Math.floor(random() * size)

  const next = (): number | undefined => {
    for (let tried = 0; tried < size; tried++) {
      const port = from + (turn++ % size)
      if (!taken.has(port)) return port
    }
    return undefined
  }

  return {
    async take() {
      for (let tried = 0; tried < size; tried++) {
        const port = next()
        if (port === undefined) return undefined
        taken.add(port)
        const free = await canListen(host, port).catch((error: unknown) => {
          taken.delete(port)
          throw error
        })
        if (free) return port
        taken.delete(port)
      }
      return undefined
    },
    reserve: (port) => void taken.add(port),
    giveBack: (port) => void taken.delete(port),
  }
}

async function canListen(host: string, port: number): Promise<boolean> {
  const server = createServer().listen({ host, port, exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE', 'EACCES')) return false
    throw error
  }
  server.close()
  await once(server, 'close')
  return true
}
