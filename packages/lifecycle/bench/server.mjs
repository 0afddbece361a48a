// The process of one subject: node server.mjs <subject> <protocol> <notice in ms>. Tells its port to the benchmark, answers
// its questions, and says on its output which requests it executed.
import { once } from 'node:events'
import { readFileSync, writeSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'

const [, , subject, protocol, noticeMs] = process.argv
const BODY = 'x'.repeat(100)
const BIG = Buffer.alloc(8_000_000, 'x')

const pem = (name) =>
  readFileSync(new URL(`../test/fixtures/localhost-${name}.pem`, import.meta.url))

const creators = {
  http: (application) => http.createServer(application),
  https: (application) => https.createServer({ key: pem('key'), cert: pem('cert') }, application),
  h2c: (application) => http2.createServer(application),
  h2: (application) =>
    http2.createSecureServer({ key: pem('key'), cert: pem('cert') }, application),
}

function application(request, response) {
  if (request.url === '/') response.end(BODY)
  else route(new URL(request.url, 'http://localhost'), response)
}

function route({ pathname, searchParams }, response) {
  const ms = Number(searchParams.get('ms'))
  if (pathname === '/big') response.end(BIG)
  else if (pathname === '/stream') stream(response, ms)
  else {
    if (searchParams.has('id')) writeSync(1, `${searchParams.get('id')}\n`)
    setTimeout(() => response.end('done'), ms)
  }
}

/** A chunk every tenth of the time; the head leaves with the first one. */
function stream(response, ms) {
  let left = 10
  response.write('tick')
  const timer = setInterval(() => {
    left -= 1
    if (left > 0) return response.write('tick')
    clearInterval(timer)
    return response.end('done')
  }, ms / 10)
}

const questions = {
  cpu: () => process.cpuUsage(),
  heap: () => {
    globalThis.gc()
    globalThis.gc()
    return process.memoryUsage().heapUsed
  },
}

const { serve } = await import(`./subjects/${subject}.mjs`)
const { server, probe } = await serve(creators[protocol], application, {
  noticeMs: Number(noticeMs),
})
// Idle connections stay until the benchmark is done with them.
if (process.env['KEEP_ALIVE_MS']) server.keepAliveTimeout = Number(process.env['KEEP_ALIVE_MS'])
if (!server.listening) await once(server.listen(0, '127.0.0.1', 4096), 'listening')
process.on('message', (question) => process.send({ answer: questions[question]() }))
process.once('disconnect', () => process.exit(1))
process.channel.unref()
process.send({ port: server.address().port, probe })
