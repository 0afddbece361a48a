import { connect as connectTcp } from 'node:net'
import { performance } from 'node:perf_hooks'
import { connect as connectTls } from 'node:tls'

/** One GET, as a client sends it that keeps its connection. */
export const get = (path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

/**
 * Sends one request on a connection of its own, and keeps it as long as the server allows.
 * @param bytesPerMs - how fast the client reads
 */
export function askRaw({ port, path, secure = false, bytesPerMs = Infinity }) {
  const seen = { bytes: 0, tail: '', lastByteAt: performance.now() }
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false }
  const socket = secure ? connectTls(options) : connectTcp(options)
  socket.once(secure ? 'secureConnect' : 'connect', () => socket.write(get(path)))
  // A reset shows as an answer that is not complete.
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    seen.bytes += chunk.length
    seen.tail = (seen.tail + chunk.subarray(-16).latin1Slice()).slice(-16)
    seen.lastByteAt = performance.now()
    if (bytesPerMs === Infinity) return
    socket.pause()
    setTimeout(() => socket.resume(), chunk.length / bytesPerMs)
  })
  return { seen, end: () => socket.destroy() }
}
