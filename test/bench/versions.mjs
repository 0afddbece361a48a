// Two releases of two servers each, in a process of their own. They end when nobody listens to them any more.
import { once } from 'node:events'
import { createServer } from 'node:http'

const releases = { blue: [], green: [] }
for (const release of Object.keys(releases)) {
  for (const copy of [1, 2]) {
    const server = createServer((request, response) => {
      response.writeHead(200, { 'x-release': release, 'content-length': 2 }).end('ok')
    })
    server.keepAliveTimeout = 60_000
    await once(server.listen(0, '127.0.0.1'), 'listening')
    releases[release].push({
      id: `${release}-${copy}`,
      address: `127.0.0.1:${server.address().port}`,
    })
  }
}
process.stdout.write(`${JSON.stringify(releases)}\n`)
