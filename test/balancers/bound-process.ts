import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

/** Of util-linux, so in every Linux. */
const binder = 'setpriv'

/** What to run. */
export interface BoundCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>> | undefined
  /** A file descriptor for what it says about errors. @default ours */
  readonly errors?: number | undefined
}

/** A process that does not outlive this one, however this one ends. */
export interface BoundProcess {
  readonly stdout: Readable
  /** Its exit code; `null` if a signal killed it. */
  readonly ended: Promise<number | null>
  /** Sends SIGTERM, and SIGKILL after so many milliseconds. */
  stop(killAfterMs: number): Promise<number | null>
}

/** Starts it. Linux only: the system kills it when the parent dies, even by SIGKILL. */
export function boundProcess({ command, args, env, errors }: BoundCommand): BoundProcess {
  const bound = ['--pdeathsig', 'KILL', command, ...args]
  const child = spawn(binder, bound, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', errors ?? 'inherit'],
  })
  const ended = once(child, 'exit').then(([code]: unknown[]) => code as number | null)
  const stop = async (killAfterMs: number): Promise<number | null> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    const code = await ended
    clearTimeout(timer)
    return code
  }
  return { stdout: child.stdout!, ended, stop }
}
