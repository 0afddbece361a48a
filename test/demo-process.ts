import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../examples/whole-story/dist/main.js', import.meta.url))

/** The built demo, running. */
export interface DemoProcess {
  readonly pid: number
  /** What it has printed so far. */
  readonly lines: readonly string[]
  readonly errors: () => string
  /** Resolves when it prints a line with `text`; rejects when it ends before. */
  printed(text: string): Promise<void>
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
}

/** Starts the demo in a process group of its own, as a shell does. All that it writes goes to `directory`. */
export function startDemo(directory: string, ...args: readonly string[]): DemoProcess {
  const child = spawn(process.execPath, [main, ...args], {
    detached: true,
    env: { ...process.env, TMPDIR: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  let errors = ''
  const reader = createInterface(child.stdout).on('line', (line) => lines.push(line))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const ended = endOf(child)
  return {
    pid: child.pid ?? 0,
    lines,
    errors: () => errors,
    ended,
    async printed(text) {
      const seen = (): boolean => lines.some((line) => line.includes(text))
      while (!seen()) {
        const end = await Promise.race([once(reader, 'line').then(() => undefined), ended])
        if (end && !seen()) throw new Error(`the demo ended without "${text}": ${errors}`)
      }
    },
  }
}

async function endOf(child: ChildProcessByStdio<null, Readable, Readable>): DemoProcess['ended'] {
  // 'close' comes after the last line.
  await once(child, 'close')
  return { code: child.exitCode, signal: child.signalCode }
}
