import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { boundProcess, type BoundProcess } from './bound-process.ts'
import { freePort } from './free-port.ts'

const app = fileURLToPath(new URL('../fixtures/restarted-shop.mjs', import.meta.url))

/** How a backend behaves. */
export interface BackendOptions {
  /** The file to which it writes the id of every request that it executes. */
  readonly executions: string
  /** How long it accepts connections after SIGTERM; without, it stops as servers do that know no better. */
  readonly noticeMs?: number | undefined
  /** When SIGKILL follows SIGTERM. @default 30 s */
  readonly killAfterMs?: number | undefined
}

/** How a backend stopped. */
export interface Stop {
  /** `null` if it was killed. */
  readonly exitCode: number | null
  /** From SIGTERM to its exit. */
  readonly stopMs: number
}

/** A server that can be restarted at its port. */
export interface Backend {
  readonly port: number
  /** Stops it, and starts it again. */
  restart(): Promise<Stop>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a backend, and waits until it listens. */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const { executions, noticeMs, killAfterMs = 30_000 } = options
  const port = await freePort()
  const notice = noticeMs === undefined ? {} : { NOTICE_MS: String(noticeMs) }
  const env = { PORT: String(port), EXECUTIONS: executions, ...notice }
  const start = (): Promise<BoundProcess> => launch(env)
  let running = await start()
  return {
    port,
    restart: async () => {
      const askedAt = performance.now()
      const exitCode = await running.stop(killAfterMs)
      const stopMs = performance.now() - askedAt
      running = await start()
      return { exitCode, stopMs }
    },
    [Symbol.asyncDispose]: async () => {
      await running.stop(0)
    },
  }
}

async function launch(env: Readonly<Record<string, string>>): Promise<BoundProcess> {
  const backend = boundProcess({ command: process.execPath, args: [app], env })
  const early = backend.ended.then((code): never => {
    throw new Error(`a backend ended with ${code} before it listened`)
  })
  await Promise.race([once(backend.stdout, 'data'), early])
  return backend
}
