import { fork } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

const server = fileURLToPath(new URL('server.mjs', import.meta.url))

/**
 * Starts a subject; resolves when it listens. `exited` tells when it did, on the clock of `performance.now()`.
 */
export async function startSubject(name, { protocol = 'http', noticeMs = 0, env, execArgv } = {}) {
  const child = fork(server, [name, protocol, String(noticeMs)], {
    env: { ...process.env, ...env },
    execArgv: execArgv ?? [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit').then(([code, signal]) => ({
    at: performance.now(),
    code: code ?? signal,
  }))
  const heard = await Promise.race([once(child, 'message'), exited])
  if (!Array.isArray(heard))
    throw new Error(`${name} exited with ${heard.code} before it listened.`)
  const [{ port, probe }] = heard
  const executed = []
  child.stdout.setEncoding('utf8').on('data', (lines) => executed.push(lines))
  return {
    name,
    port,
    probe: { port, ...probe },
    exited,
    /** The ids of the requests that it executed, so far. */
    executed: () => executed.join('').split('\n').slice(0, -1),
    ask: async (question) => {
      child.send(question)
      const [{ answer }] = await once(child, 'message')
      return answer
    },
    /** Sends the signal, and tells when. */
    stop(signal = 'SIGTERM') {
      const at = performance.now()
      child.kill(signal)
      return at
    },
  }
}
