import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { httpInbound } from './http-inbound.ts'
import type { Inbound } from './inbound.ts'

/** The first protocol that a request asks for and `served` has, lower case; undefined where it is served without. */
export function wantedProtocol(
  { method, headers, httpVersion }: IncomingMessage,
  served: ReadonlySet<string>,
): string | undefined {
  const plain = method !== 'GET' || httpVersion !== '1.1'
  if (
    plain ||
    headers['content-length'] !== undefined ||
    headers['transfer-encoding'] !== undefined
  )
    return undefined
  const wanted = (headers.upgrade ?? '').toLowerCase().split(',')
  return wanted.map((protocol) => protocol.trim()).find((protocol) => served.has(protocol))
}

/** The head as it would be if the client had not asked for another protocol. */
export function plainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const lower = name.toLowerCase()
    const value = rawHeaders[i + 1] ?? ''
    if (lower === 'upgrade') continue
    text += `${name}: ${lower === 'connection' ? withoutUpgrade(value) : value}\r\n`
  }
  return Buffer.from(`${text}\r\n`, 'latin1')
}

function withoutUpgrade(value: string): string {
  const tokens = value.split(',').map((token) => token.trim())
  return tokens.filter((token) => token.toLowerCase() !== 'upgrade').join(', ')
}

/**
 * A request to go on with `protocol`. Node has let go of its connection, so the answer is written to it by hand, and the
 * client's leaving has to be looked for. `sent` is what the client sent behind the head already.
 */
export function upgradeInbound(request: IncomingMessage, sent: Buffer, protocol: string): Inbound {
  const { socket } = request
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  const leave = followLetGo(socket, () => response)
  const release = (): void => {
    leave()
    response.detachSocket(socket)
  }
  socket.setTimeout(0)
  // Of what comes after the last word there is nothing more to say.
  socket.on('error', () => undefined)
  response.once('finish', () => {
    release()
    socket.destroySoon()
    response.emit('close')
  })
  return {
    ...httpInbound(request, response, false),
    upgrade: {
      protocol,
      accept() {
        release()
        if (sent.length > 0) socket.unshift(sent)
        return socket
      },
    },
  }
}

/**
 * Does for a connection that Node has let go of what Node does no more: `answer` goes on at the client's pace, and a client
 * that leaves is noticed, whose connection is cut then. Returns how to end that.
 */
export function followLetGo(socket: Duplex, answer: () => ServerResponse | undefined): () => void {
  const drained = (): void => void answer()?.emit('drain')
  const failed = (): void => void socket.destroy()
  // Reads nothing away, but lets Node notice an end.
  const peek = (): void => void socket.read(0)
  socket.on('error', failed).on('drain', drained).on('end', failed).on('readable', peek)
  return () => {
    socket.off('error', failed).off('drain', drained).off('end', failed).off('readable', peek)
  }
}
