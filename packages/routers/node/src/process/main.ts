/**
 * A router process. Its order comes on standard input; it says on standard output that it serves, or why not, and from
 * then on takes its orders on the socket in its directory. Its environment is empty, and its session its own.
 */
import { text } from 'node:stream/consumers'
import type { RouterOrder, StartReport } from './protocol.ts'
import { runRouterProcess } from './router-process.ts'

const stop = new AbortController()

process.umask(0o077)
process.stdout.on('error', () => {}) // Whoever started it is gone. It serves on.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort())
process.on('SIGHUP', () => {})

let reported = false

function report(said: StartReport): void {
  if (reported) return
  reported = true
  process.stdout.end(`${JSON.stringify(said)}\n`)
  if (said.problem) process.exitCode = 1
}

void text(process.stdin).then(async (order) => {
  const parsed: RouterOrder = JSON.parse(order)
  await runRouterProcess(parsed, stop, report)
  // Whatever should still be open, such as an answer to an adapter, ends with the process.
  process.exit()
})
