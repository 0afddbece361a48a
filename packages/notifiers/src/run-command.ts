import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { onAbort } from '@changeover/engine'

/** A command, and what it gets. */
export interface CommandRun {
  readonly command: readonly [file: string, ...args: string[]]
  readonly cwd: string | undefined
  readonly env: Readonly<Record<string, string>>
  readonly input: string
  /** Aborting it kills the command. */
  readonly signal: AbortSignal
}

/** How a command ended. */
export interface CommandEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last of what it printed on both streams. */
  readonly output: string
}

const OUTPUT_LIMIT = 4096

/** Longest wait for the output of an ended command, which a daemon that left its group may hold open. */
const OUTPUT_WAIT_MS = 1000

/**
 * Runs a command in a session and group of its own, and waits for its end; whatever it leaves running in its group ends
 * with it. Rejects with the system's error where it cannot be started.
 */
export async function runCommand({
  command,
  cwd,
  env,
  input,
  signal,
}: CommandRun): Promise<CommandEnd> {
  const [file, ...args] = command
  const child = spawn(file, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const output = collect([child.stdout, child.stderr])
  child.stdin.on('error', () => {}).end(input) // It need not read.
  const kill = (): void => killGroup(child)
  const forget = onAbort(signal, kill)
  if (signal.aborted) kill()
  try {
    const end = await endOf(child)
    return { ...end, output: output() }
  } finally {
    forget()
  }
}

function endOf(child: ChildProcess): Promise<Omit<CommandEnd, 'output'>> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => {
      // At once, while no other process can have the number of the group; then its streams end.
      killGroup(child)
      const timer = setTimeout(() => letGo(child), OUTPUT_WAIT_MS)
      child.once('close', () => clearTimeout(timer))
    })
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

function letGo({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy()
  stderr?.destroy()
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // None of it is left.
  }
}

function collect(streams: readonly Readable[]): () => string {
  let kept = Buffer.alloc(0)
  for (const stream of streams) {
    stream.on('error', () => {}) // The end of the command is told elsewhere.
    stream.on('data', (chunk: Buffer) => {
      kept = Buffer.concat([kept, chunk]).subarray(-OUTPUT_LIMIT)
    })
  }
  return () => kept.toString('utf8')
}
