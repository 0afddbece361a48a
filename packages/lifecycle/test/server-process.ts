import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import type { LifecycleOptions } from '../src/index.ts'

/** One line that the process said. */
export interface Line {
  readonly message: string
  readonly [field: string]: unknown
}

/** A server in a process of its own. */
export interface ServerProcess {
  readonly port: number
  readonly lines: Line[]
  readonly kill: (signal: NodeJS.Signals) => void
  /** Resolves with the first line of this message, also a past one. */
  readonly says: (message: string) => Promise<Line>
  readonly exited: Promise<number | string>
}

export async function startProcess(
  options: LifecycleOptions,
  env: Record<string, string> = {},
  fixture = 'server.mjs',
): Promise<ServerProcess> {
  const path = fileURLToPath(new URL(`fixtures/${fixture}`, import.meta.url))
  const child = spawn(process.execPath, [path], {
    env: { ...process.env, OPTIONS: JSON.stringify(options), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Line[] = []
  const heard = new EventTarget()
  createInterface(child.stdout).on('line', (text) => {
    lines.push(JSON.parse(text) as Line)
    heard.dispatchEvent(new Event('line'))
  })
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)

  function says(message: string): Promise<Line> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const line = lines.find((line) => line.message === message)
        if (line !== undefined) resolve(line)
      }
      heard.addEventListener('line', look)
      void exited.then(() => reject(new Error(`exited without saying ${message}`)))
      look()
    })
  }

  const { port } = await says('listening')
  return { port: Number(port), lines, kill: (signal) => void child.kill(signal), says, exited }
}
