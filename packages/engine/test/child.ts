import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

/** A fixture that runs as a process of its own. */
export interface Child {
  readonly process: ChildProcessWithoutNullStreams
  /** What it has printed so far. */
  readonly lines: readonly string[]
  /** Resolves when it has printed `count` lines; rejects when it ended before. */
  readonly printed: (count: number) => Promise<void>
  /** How it ended, when everything that it printed has been read. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Starts `test/fixtures/<fixture>`; it is killed with the test at the latest. */
export function startChild(fixture: string, ...args: string[]): Child {
  const path = new URL(`fixtures/${fixture}`, import.meta.url).pathname
  const child = spawn(process.execPath, [path, ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stderr.pipe(process.stderr)
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => lines.push(line))
  const ended = once(child, 'close').then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
  }))
  const printed = async (count: number): Promise<void> => {
    while (lines.length < count) {
      const end = await Promise.race([once(reader, 'line').then(() => undefined), ended])
      if (end && lines.length < count) throw new Error(`it ended early: ${JSON.stringify(end)}`)
    }
  }
  return { process: child, lines, printed, ended }
}
