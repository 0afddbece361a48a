import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { type OutputTail, streamTail } from './output-tail.ts'
import { identify, isRunning, killGroup, type ProcessIdentity } from './process-identity.ts'
import type { ProcessEnd, RunningProcess } from './running-process.ts'

/** Longest wait for the output of an ended process, which a daemon that it left behind may hold open. */
const OUTPUT_WAIT_MS = 1000

/** How to start a process, and where its output goes. */
export interface ProcessStart {
  readonly command: readonly [file: string, ...args: string[]]
  readonly cwd: string | undefined
  readonly env: Readonly<Record<string, string>>
  /** File that takes its output, with the tail read from it; without, output is kept in memory. */
  readonly log: { readonly file: number; readonly tail: OutputTail } | undefined
  readonly keepLines: number
  /** Called in the same tick as the start, before anything can go wrong. */
  readonly onStart: (identity: ProcessIdentity) => void
}

/** Starts a process in a session of its own. Rejects with the system's error where it cannot be started. */
export async function startProcess(start: ProcessStart): Promise<RunningProcess> {
  const [file, ...args] = start.command
  const sink = start.log?.file ?? 'pipe'
  const child = spawn(file, args, {
    ...(start.cwd === undefined ? {} : { cwd: start.cwd }),
    env: start.env,
    detached: true,
    stdio: ['ignore', sink, sink],
  })
  const spawned = once(child, 'spawn')
  child.on('error', () => {}) // Told by `spawned`; later ones only say that a signal came too late.
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  if (identity !== undefined) start.onStart(identity)
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  const tail = start.log?.tail ?? streamTail(streams, start.keepLines)
  const running = identity && ownProcess(child, identity, streams, tail)
  await spawned
  if (running === undefined) throw abandon(child)
  return running
}

function ownProcess(
  child: ChildProcess,
  identity: ProcessIdentity,
  streams: readonly Readable[],
  tail: OutputTail,
): RunningProcess {
  const sockets = streams.filter((stream) => stream instanceof Socket)
  child.unref()
  sockets.forEach((socket) => socket.unref())
  return {
    identity,
    ended: endOf(child, identity, tail),
    alive: () => child.exitCode === null && child.signalCode === null && isRunning(identity),
    output: () => tail.text(),
    signal: (name) => void child.kill(name),
    kill: () => killGroup(identity),
    hold() {
      child.ref()
      sockets.forEach((socket) => socket.ref())
    },
    detach: () => void child.removeAllListeners('exit'),
  }
}

async function endOf(
  child: ChildProcess,
  identity: ProcessIdentity,
  tail: OutputTail,
): Promise<ProcessEnd> {
  const closed = new Promise((resolve) => child.once('close', resolve))
  const [exitCode, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('exit', (code, signal) => {
      // At once, while no other process can have the number of the group.
      killGroup(identity)
      resolve([code, signal])
    })
  })
  await Promise.race([closed, timeout(OUTPUT_WAIT_MS, closed)])
  return { exitCode, signal, output: tail.text() }
}

function timeout(ms: number, unless: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void unless.then(() => clearTimeout(timer))
  })
}

function abandon(child: ChildProcess): Error {
  child.kill('SIGKILL')
  return new Error('the system does not tell when the process started, so it could not be watched')
}
