import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { hasCode } from './system-error.ts'

/** A port that no other fleet on this machine will give out. */
export interface PortClaim {
  release(): void
}

/** How far from a port the socket lies that claims it, so that the instance has every protocol on its own port. */
const CLAIM_OFFSET = 10_000
const HIGHEST_PORT = 65_535

/**
 * Claims a port against every other fleet on this machine, whatever process it belongs to; undefined where another one
 * has it. Two fleets that chose one port at the same time would both find it free: one of the instances could not
 * listen, and its probes would be answered by the other fleet's.
 *
 * The claim is a bound UDP socket that nobody reads: the kernel lets only one process have it, and takes it back from
 * one that dies.
 */
export async function claimPort(port: number): Promise<PortClaim | undefined> {
  const at = port + CLAIM_OFFSET > HIGHEST_PORT ? port - CLAIM_OFFSET : port + CLAIM_OFFSET
  const socket = createSocket('udp4')
  const bound = once(socket, 'listening')
  socket.bind({ port: at, address: '127.0.0.1', exclusive: true })
  try {
    await bound
  } catch (error) {
    socket.close()
    if (hasCode(error, 'EADDRINUSE', 'EACCES')) return undefined
    throw error
  }
  socket.unref()
  return { release: () => void socket.close() }
}
