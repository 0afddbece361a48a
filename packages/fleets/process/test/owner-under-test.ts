import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Instance, LaunchRequest } from '@changeover/engine'
import { onTestFinished } from 'vitest'
import type { ProcessFleetOptions } from '../src/index.ts'
import { fixturePath } from './fleet-under-test.ts'

/** A process of its own that owns a fleet with one instance. */
export interface Owner {
  readonly pid: number
  readonly instance: Instance
  readonly exited: Promise<unknown>
  kill(signal: NodeJS.Signals): void
}

export interface OwnerOrders {
  readonly fleet: ProcessFleetOptions
  readonly request: LaunchRequest
  readonly end: 'wait' | 'throw' | 'exit' | 'finish' | 'close' | 'churn'
}

/** Starts an owner and waits until it has launched its instance. */
export async function startOwner(orders: OwnerOrders): Promise<Owner> {
  const child = spawn(process.execPath, [fixturePath('owner'), JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  return {
    pid: child.pid ?? 0,
    instance: JSON.parse(await firstLine(child)) as Instance,
    exited,
    kill: (signal) => void child.kill(signal),
  }
}

/** Pids of the reapers of an owner that run now. */
export function reapersOf(owner: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => commandOf(pid).includes(`reaper.js\0{"owner":${owner},`))
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  const errors: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => errors.push(String(chunk)))
  if (child.stdout === null) throw new Error('no output')
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error(`the owner failed: ${errors.join('')}`)
}
