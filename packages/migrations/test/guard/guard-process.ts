import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { BackfillOptions, Phase } from '@changeover/migrations'
import type { Reach } from './servers.ts'

const fixture = fileURLToPath(new URL('fixtures/guard-process.mjs', import.meta.url))

/** What a guard in a process of its own does; all of it plain data. */
export interface GuardWork {
  readonly database: Reach
  readonly migrations: readonly {
    readonly id: string
    readonly file: string
    readonly sql: string
  }[]
  readonly phases: readonly Phase[]
  readonly live: readonly unknown[]
  readonly backfills?: readonly BackfillOptions[]
  /** Events at which it kills itself. */
  readonly types: readonly string[]
  /** Boundaries at which it was killed before. */
  readonly survived: readonly string[]
  readonly lockTimeout?: object
}

/** How a guard ended. */
export interface GuardEnd {
  /** Where it killed itself; undefined where it came to its end. */
  readonly killed: string | undefined
  readonly lines: readonly string[]
}

/** A guard in a process of its own. */
export interface GuardProcess {
  readonly child: ChildProcess
  readonly ended: Promise<GuardEnd>
  /** Resolves with the first line that begins so. */
  line(start: string): Promise<string>
}

/** Starts a guard in a process of its own. */
export function startGuard(work: GuardWork): GuardProcess {
  const child = spawn(process.execPath, [fixture, JSON.stringify(work)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    waiting.forEach((look) => look())
  })
  let problem = ''
  child.stderr.on('data', (text: Buffer) => (problem += text.toString()))
  const ended = once(child, 'close').then((): GuardEnd => {
    const killed = lines.find((line) => line.startsWith('killed '))?.slice('killed '.length)
    if (killed === undefined && !lines.includes('complete') && child.signalCode === null)
      throw new Error(`The guard failed: ${problem}`)
    return { killed, lines }
  })
  return {
    child,
    ended,
    line: (start) =>
      new Promise((resolve, reject) => {
        ended.then(() => reject(new Error(`It ended without "${start}"`)), reject)
        const look = (): void => {
          const found = lines.find((line) => line.startsWith(start))
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}
