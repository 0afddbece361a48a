// A process with many idle connections, each of which has carried one request: node idle-clients.mjs <port> <count>
import { once } from 'node:events'
import { connect } from 'node:net'
import { get } from './raw-connection.mjs'

const AT_ONCE = 200
const [, , port, count] = process.argv
let left = Number(count)

async function open() {
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.write(get('/'))
  await once(socket, 'data')
  socket.resume()
}

async function openInTurn() {
  while (left > 0) {
    left -= 1
    await open()
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, openInTurn))
process.once('disconnect', () => process.exit(1))
process.send('open')
