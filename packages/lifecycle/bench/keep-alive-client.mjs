import { connect } from 'node:net'

/**
 * A client with a pool of connections, used in turn and for as long as the server allows: one that was told
 * `Connection: close`, or has seen the end, is not used again. Every request is sent once, and `outcomes` has its end by its id:
 * `answered`, `503`, `refused`, `reset-reused` or `reset-fresh`.
 */
export function createKeepAliveClient({ port, refused }) {
  const idle = []
  const open = new Set()
  const outcomes = new Map()

  function openConnection() {
    const connection = { socket: connect({ port, host: '127.0.0.1', noDelay: true }), answers: 0 }
    const { socket } = connection
    open.add(socket)
    socket.once('connect', () => {
      connection.localPort = socket.localPort
    })
    socket.on('error', () => {})
    socket.on('data', (chunk) => answered(connection, chunk.latin1Slice()))
    socket.on('end', () => forget(connection))
    socket.on('close', () => lost(connection))
    return connection
  }

  function forget(connection) {
    const place = idle.indexOf(connection)
    if (place >= 0) idle.splice(place, 1)
  }

  function answered(connection, text) {
    connection.seen = (connection.seen ?? '') + text
    const whole = /^HTTP\/1\.1 (\d+)[^]*?\r\n\r\n[^]/.exec(connection.seen)
    if (whole === null) return
    settle(connection, whole[1] === '200' ? 'answered' : whole[1])
    const told = /^connection: close/im.test(connection.seen)
    connection.answers += 1
    connection.seen = ''
    if (told) connection.socket.end()
    else if (!connection.socket.readableEnded) idle.push(connection)
  }

  function lost(connection) {
    open.delete(connection.socket)
    forget(connection)
    const fresh = refused.has(connection.localPort) ? 'refused' : 'reset-fresh'
    settle(connection, connection.answers > 0 ? 'reset-reused' : fresh)
  }

  function settle(connection, outcome) {
    if (connection.id !== undefined) outcomes.set(connection.id, outcome)
    connection.id = undefined
  }

  return {
    outcomes,
    /** Sends this request on the connection that was idle for longest, or on a new one. */
    send(id, path) {
      const connection = idle.shift() ?? openConnection()
      connection.id = id
      outcomes.set(id, 'unanswered')
      connection.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    },
    close() {
      for (const socket of open) socket.destroy()
    },
  }
}
