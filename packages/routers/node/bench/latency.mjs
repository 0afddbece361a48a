// Latency of small GETs at a constant rate, by open loop: requests are due at their time, whether or not the one before
// was answered, and a late one counts from when it was due, so up to a millisecond is the generator's own. At a share of
// what the router can do, found first; direct and through the router in interleaved rounds.
//
//   node packages/routers/node/bench/latency.mjs [rounds] [seconds per round] [share, half where left out]
import { connect } from 'node:net'
import { ASK, BODY, load, median, start, startNginx } from './subjects.mjs'

const CONNECTIONS = 32

/** Requests per second that the subject can do at most. */
async function capacity({ port }) {
  await load(port, 5000)
  const began = performance.now()
  await load(port, 20_000)
  return 20_000 / ((performance.now() - began) / 1000)
}

/** The milliseconds of each request, of those sent at `rate` per second. */
async function latencies({ port }, rate, seconds) {
  const idle = []
  const due = []
  const taken = []
  const sockets = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let seen = ''
    let since = 0
    const one = {
      socket,
      ask(at) {
        since = at
        socket.write(ASK)
      },
    }
    socket.on('data', (chunk) => {
      seen += chunk.latin1Slice()
      if (!seen.includes(BODY)) return
      seen = ''
      taken.push(performance.now() - since)
      if (due.length > 0) one.ask(due.shift())
      else idle.push(one)
    })
    socket.on('connect', () => idle.push(one))
    return socket
  })
  await new Promise((resolve) => setTimeout(resolve, 200))
  const began = performance.now()
  let sent = 0
  await new Promise((resolve) => {
    const tick = () => {
      const now = performance.now()
      for (; began + (sent * 1000) / rate <= now && sent < rate * seconds; sent++) {
        const at = began + (sent * 1000) / rate
        const free = idle.pop()
        if (free) free.ask(at)
        else due.push(at)
      }
      if (taken.length >= Math.floor(rate * seconds)) return resolve()
      // Not at every turn: that would take a core from those who are measured.
      setTimeout(tick, 1)
    }
    tick()
  })
  for (const socket of sockets) socket.destroy()
  return taken.toSorted((a, b) => a - b)
}

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]
}

async function main(rounds = 7, seconds = 3, share = 0.5) {
  const backend = await start('backend')
  const nginx = await startNginx(backend.port)
  const router = await start('router', backend.port)
  const subjects = [{ ...backend, role: 'direct' }, ...(nginx ? [nginx] : []), router]
  const rate = Math.floor((await capacity(router)) * share)
  console.log(`${rate} requests per second: ${share} of what the router did`)
  const found = new Map(subjects.map((subject) => [subject, { p50: [], p99: [] }]))
  for (let i = 0; i < rounds; i++) {
    for (const subject of subjects) {
      const sorted = await latencies(subject, rate, seconds)
      found.get(subject).p50.push(quantile(sorted, 0.5))
      found.get(subject).p99.push(quantile(sorted, 0.99))
    }
  }
  for (const [{ role, stop }, { p50, p99 }] of found) {
    const spread = p99.map((ms) => ms.toFixed(2)).join(' ')
    console.log(
      `${role.padEnd(7)} p50 ${median(p50).toFixed(2)} ms, p99 ${median(p99).toFixed(2)} ms   (p99: ${spread})`,
    )
    await stop()
  }
}

await main(...process.argv.slice(2).map(Number))
