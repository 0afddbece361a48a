import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { valuesOf } from './recorded-request.ts'
import { onTraffic, type RouterCase } from './router-bench.ts'
import { text, type Wire, wireCase } from './router-wire.ts'

const MB = 1_000_000
const PIECE = Buffer.alloc(64_000, 'x')
const PIECES = 1_000
/** What an answer to a slow reader may cost the router. */
const MOST_BYTES = 20 * MB
/** When no byte was taken for so long, the router and all buffers on the way hold what they will. */
const STILL_MS = 200

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1')

/** Long streams through the router. */
export const streamCases: readonly RouterCase[] = onTraffic([
  wireCase(
    'upgrade',
    'a WebSocket is opened, carries any byte both ways from the first one on, and is closed',
    async ({ open, request, patience }) => {
      const connection = open()
      const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
      const version = 'Sec-WebSocket-Version: 13'
      const fields = ['Connection: Upgrade', 'Upgrade: websocket', key, version]
      connection.write(request('GET /socket HTTP/1.1', fields))
      const opened = await patience.soon(
        'it is opened',
        connection.until(/\r\n\r\nfirst|^HTTP\/1.1 [^1]/),
      )
      assert.match(opened, /^HTTP\/1\.1 101 /)
      assert.match(opened, /\r\nUpgrade: websocket\r\n/i)
      connection.write(`${EVERY_BYTE}end.`)
      const echoed = await patience.soon('it is echoed', connection.until(/end\./))
      assert.ok(echoed.endsWith(`first${EVERY_BYTE}end.`), 'every byte as it was')
      connection.write('close')
      await patience.soon('it is closed', connection.ended())
    },
    (asked, socket) => {
      const [key = ''] = valuesOf(asked, 'sec-websocket-key')
      const accept = createHash('sha1')
        .update(key + GUID)
        .digest('base64')
      const accepted = [
        'Connection: Upgrade',
        'Upgrade: websocket',
        `Sec-WebSocket-Accept: ${accept}`,
      ]
      socket.write(text('HTTP/1.1 101 Switching Protocols', accepted, 'first'))
      socket.on('data', (bytes) => {
        if (bytes.toString('latin1').endsWith('close')) socket.end()
        else socket.write(bytes)
      })
      return 'taken'
    },
  ),
  wireCase(
    'slow-reader',
    'a large answer to a reader that waits arrives whole, and costs the router little memory meanwhile',
    async (wire) => {
      const { memory, patience } = wire
      const before = await memory?.()
      const { socket, ...connection } = wire.open()
      let bytes = 0
      socket.removeAllListeners('data')
      socket.on('data', (piece: string) => (bytes += piece.length)).pause()
      connection.write(wire.request('GET / HTTP/1.1', ['Connection: close']))
      await patience.soon('nothing is taken any more', untilStill(wire))
      if (memory && before !== undefined) {
        const growth = (await memory()) - before
        wire.note(
          { growthBytes: growth, bodyBytes: PIECES * PIECE.length },
          { growthBytes: MOST_BYTES },
        )
        assert.ok(growth < MOST_BYTES, `${growth} bytes more for a reader that waits`)
      } else wire.lacks('memory')
      socket.resume()
      await patience.soon('the answer ends', connection.ended())
      assert.ok(bytes > PIECES * PIECE.length, `${bytes} bytes came`)
    },
    (_request, socket) => sendLarge(socket),
  ),
])

/** Writes a large answer as fast as it is taken. */
function sendLarge(socket: Socket): void {
  socket.write(text('HTTP/1.1 200 OK', [`Content-Length: ${PIECES * PIECE.length}`]))
  Readable.from(Array.from({ length: PIECES }, () => PIECE)).pipe(socket)
}

/** Resolves when the instance has written nothing for a while. */
async function untilStill({ backend }: Wire): Promise<void> {
  for (let before = -1; backend.written() !== before || before < PIECE.length;) {
    before = backend.written()
    await delay(STILL_MS)
  }
}
