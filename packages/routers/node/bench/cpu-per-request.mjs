// CPU time per small GET of one process in the middle: none, nginx, nodeRouter by its fast path and by node:http alone,
// and a plain node:http proxy. In interleaved rounds, since a busy machine slows whole minutes down. CPU time is what a
// router costs; a rate on a loopback is noise.
//
//   node packages/routers/node/bench/cpu-per-request.mjs [rounds] [requests per round]
import { cpuOf, load, median, start, startNginx } from './subjects.mjs'

async function round({ pid, port }, requests) {
  const before = await cpuOf(pid)
  await load(port, requests)
  return ((await cpuOf(pid)) - before) / requests
}

async function main(rounds = 9, requests = 10_000) {
  const backend = await start('backend')
  const nginx = await startNginx({ target: backend.port })
  const proxies = await Promise.all(
    ['router', 'slow', 'plain'].map((role) => start(role, backend.port)),
  )
  const subjects = [backend, ...(nginx ? [nginx] : []), ...proxies]
  const perRequest = new Map(subjects.map((subject) => [subject, []]))
  for (const subject of subjects) await load(subject.port, requests)
  for (let i = 0; i < rounds; i++)
    for (const subject of subjects) perRequest.get(subject).push(await round(subject, requests))
  const yardstick = nginx && perRequest.get(nginx)
  for (const subject of subjects) {
    const own = perRequest.get(subject)
    const ratio = yardstick ? median(own.map((us, i) => us / yardstick[i])).toFixed(2) : '-'
    const spread = own.map((us) => us.toFixed(0)).join(' ')
    const name = subject === backend ? 'direct' : subject.role
    console.log(
      `${name.padEnd(7)} ${median(own).toFixed(1)} µs CPU/request, ${ratio} × nginx   (${spread})`,
    )
    await subject.stop()
  }
}

const [rounds, requests] = process.argv.slice(2)
await main(rounds && Number(rounds), requests && Number(requests))
