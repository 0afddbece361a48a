import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const fixture = fileURLToPath(new URL('fixtures/router-process.mjs', import.meta.url))

/** A router that outlives the engines. */
export interface RouterProcess extends AsyncDisposable {
  /** Where it serves. */
  readonly url: string
}

/** Starts a router that takes its orders on `socket`. */
export async function startRouter(socket: string): Promise<RouterProcess> {
  const child = spawn(process.execPath, [fixture, socket], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [url] = await once(createInterface(child.stdout), 'line')
  return {
    url: String(url),
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await ended
    },
  }
}
