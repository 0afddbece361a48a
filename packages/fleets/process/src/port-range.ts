import { once } from 'node:events'
import { createServer } from 'node:net'
import type { PortSpan } from './options.ts'
import { claimPort, type PortClaim } from './port-claim.ts'
import { hasCode } from './system-error.ts'

/** Gives out ports that nobody listens on. */
export interface PortRange {
  /** A free port, taken until it is given back; undefined where there is none. Throws where `host` cannot be used. */
  take(): Promise<number | undefined>
  /** Marks a port as taken, one that an adopted instance listens on. */
  reserve(port: number): void
  giveBack(port: number): void
  /** Gives up every claim. What still runs keeps its port by listening on it. */
  close(): void
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
  const claims = new Map<number, PortClaim>()
  let turn = Math.floor(random() * size)

  const next = (): number | undefined => {
    for (let tried = 0; tried < size; tried++) {
      const port = from + (turn++ % size)
      if (!taken.has(port)) return port
    }
    return undefined
  }
  const giveBack = (port: number): void => {
    taken.delete(port)
    claims.get(port)?.release()
    claims.delete(port)
  }
  const claim = async (port: number): Promise<boolean> => {
    const mine = await claimPort(port)
    if (mine) claims.set(port, mine)
    return mine !== undefined && canListen(host, port)
  }

  return {
    async take() {
      for (let tried = 0; tried < size; tried++) {
        const port = next()
        if (port === undefined) return undefined
        taken.add(port)
        const free = await claim(port).catch((error: unknown) => {
          giveBack(port)
          throw error
        })
        if (free) return port
        giveBack(port)
      }
      return undefined
    },
    reserve: (port) => void taken.add(port),
    giveBack,
    close() {
      for (const port of claims.keys()) giveBack(port)
    },
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
