import { connect } from 'node:http2'
import { performance } from 'node:perf_hooks'

/** Opens one session with so many requests at once, and keeps it as long as the server allows. */
export function askStreams({ port, path, secure, streams }) {
  const seen = { complete: 0, lastByteAt: performance.now() }
  const scheme = secure ? 'https' : 'http'
  const session = connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false })
  // What is cut is not complete.
  session.on('error', () => {})
  for (let index = 0; index < streams; index += 1) openStream(session, path, seen)
  return { seen, end: () => session.destroy() }
}

function openStream(session, path, seen) {
  const stream = session.request({ ':path': path })
  let body = ''
  stream.setEncoding('utf8').on('error', () => {})
  stream.on('data', (text) => {
    body += text
    seen.lastByteAt = performance.now()
  })
  stream.on('end', () => {
    if (body.endsWith('done')) seen.complete += 1
  })
}
