import { connect, type Socket } from 'node:net'

/** A connection on which bytes are written and read as they are, byte for character. */
export interface RawConnection {
  readonly socket: Socket
  write(text: string): void
  /** Everything that has come so far. */
  text(): string
  /** Resolves with it as soon as `wanted` is in it, after so many characters; or when nothing more will come. */
  until(wanted: RegExp, after?: number): Promise<string>
  /** Resolves with it when the other side has closed the connection. */
  ended(): Promise<string>
  close(): void
}

/** Matches nothing. */
const NEVER = /(?!)/

/** Opens a connection to the server at `url`, which stays half open when the other side has ended its half. */
export function rawConnection(url: string): RawConnection {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port || 80) })
  const waiting = new Set<() => void>()
  let text = ''
  let over = false
  const wake = (): void => waiting.forEach((look) => look())
  const end = (): void => {
    over = true
    wake()
  }
  socket.setNoDelay(true)
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
    wake()
  })
  for (const event of ['end', 'error', 'close']) socket.on(event, end)

  const until = (wanted: RegExp, after = 0): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!over && !wanted.test(text.slice(after))) return
        waiting.delete(look)
        resolve(text)
      }
      waiting.add(look)
      look()
    })
  return {
    socket,
    write: (bytes) => void socket.write(bytes, 'latin1'),
    text: () => text,
    until,
    ended: () => until(NEVER),
    close: () => void socket.destroy(),
  }
}
