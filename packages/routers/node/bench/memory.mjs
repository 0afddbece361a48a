// Memory of the router's process: while a client takes 300 MB slowly, with 10,000 connections open, and over a million
// requests. Resident megabytes, as the system counts them; each part has a process of its own.
//
//   node packages/routers/node/bench/memory.mjs [requests]
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ASK, BODY, load, memoryOf, start } from './subjects.mjs'

/** Reads 300 MB at about 100 MB per second, in fits and starts. */
async function slowClient(backend) {
  const router = await start('router', backend.port)
  await load(router.port, 5000)
  const before = await memoryOf(router.pid)
  const socket = connect({ port: router.port, host: '127.0.0.1' })
  socket.write('GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  let read = 0
  let held = 0
  let most = before
  socket.on('data', (chunk) => {
    read += chunk.length
    held += chunk.length
    if (held < 1_000_000) return
    held = 0
    socket.pause()
    setTimeout(() => socket.resume(), 10)
  })
  const closed = once(socket, 'close')
  const watch = setInterval(() => {
    void memoryOf(router.pid).then((now) => (most = Math.max(most, now)))
  }, 20)
  await closed
  clearInterval(watch)
  console.log(
    `300 MB to a slow client: ${(most - before).toFixed(1)} MB more at most (${read} bytes read)`,
  )
  router.stop()
}

/** Opens connections that ask once each and stay. */
async function manyConnections(backend, count) {
  const router = await start('router', backend.port)
  await load(router.port, 5000)
  const before = await memoryOf(router.pid)
  const sockets = []
  for (let i = 0; i < count; i += 200) {
    const batch = Array.from({ length: 200 }, async () => {
      const socket = connect({ port: router.port, host: '127.0.0.1' })
      sockets.push(socket)
      await once(socket, 'connect')
      socket.write(ASK)
      let seen = ''
      while (!seen.includes(BODY)) seen += (await once(socket, 'data'))[0].latin1Slice()
    })
    await Promise.all(batch)
  }
  const open = await memoryOf(router.pid)
  await load(router.port, 5000)
  const alive = sockets.filter((socket) => !socket.destroyed).length
  const each = ((open - before) * 1024) / count
  console.log(
    `${alive} open connections: ${(open - before).toFixed(0)} MB, ${each.toFixed(1)} kB each; requests go on`,
  )
  for (const socket of sockets) socket.destroy()
  router.stop()
}

async function manyRequests(backend, count) {
  const router = await start('router', backend.port)
  const seen = []
  for (let i = 0; i < 10; i++) {
    await load(router.port, count / 10)
    seen.push(await memoryOf(router.pid))
  }
  console.log(
    `${count} requests: ${seen.map((mb) => mb.toFixed(0)).join(' ')} MB, after each tenth of them`,
  )
  router.stop()
}

const requests = Number(process.argv[2] ?? 1_000_000)
const backend = await start('backend')
await slowClient(backend)
await manyConnections(backend, 10_000)
await manyRequests(backend, requests)
await sleep(0)
backend.stop()
