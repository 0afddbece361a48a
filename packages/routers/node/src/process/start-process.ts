import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { routerError } from '../router-error.ts'
import type { RouterOrder, StartReport } from './protocol.ts'

// Seen from dist/ this is the file beside this one; seen from src/, where only tests run, the built one.
const PROGRAM = fileURLToPath(new URL('../../dist/process/main.js', import.meta.url))

/**
 * Starts a router process that outlives this one, and may say its last words in `log`. Resolves when it says that it serves, or
 * why it does not; one that says nothing for `withinMs` is killed, since nobody would hear it any more.
 *
 * @throws ChangeoverError `CHANGEOVER_ROUTER_PROCESS_MISSING`
 */
export async function startProcess(
  order: RouterOrder,
  log: string,
  withinMs: number,
): Promise<StartReport> {
  if (!existsSync(PROGRAM))
    throw routerError('CHANGEOVER_ROUTER_PROCESS_MISSING', { path: PROGRAM })
  // The directory is there for people who look through the list of processes. Secrets among the options go by the pipe.
  // What Node itself has to say when it dies.
  const errors = openSync(log, 'a', 0o600)
  const child = spawn(process.execPath, [PROGRAM, order.directory], {
    cwd: '/',
    detached: true,
    env: {},
    stdio: ['pipe', 'pipe', errors],
  })
  closeSync(errors)
  child.unref()
  const { stdin, stdout } = child
  if (!stdin || !stdout) return failure('it has no pipes')
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    stdout.destroy(new Error(`it said nothing within ${withinMs} ms, and was killed`))
  }, withinMs)
  try {
    return await reportOf({ child, stdin, stdout }, JSON.stringify(order))
  } finally {
    clearTimeout(timer)
  }
}

/** Its standard output stays open for as long as it lives: the first line is all that comes. */
function reportOf({ child, stdin, stdout }: Started, order: string): Promise<StartReport> {
  return new Promise((resolve) => {
    const end = (report: StartReport): void => {
      stdout.destroy()
      resolve(report)
    }
    child.once('error', (error) => end(failure(error.message)))
    stdin.on('error', () => {}) // It ended early, which its output tells.
    stdout.once('error', (error) => end(failure(error.message)))
    stdin.end(order)
    createInterface({ input: stdout })
      .on('line', (line) => end(parseReport(line)))
      .on('error', () => {})
      .on('close', () => end(failure('it ended without a word')))
  })
}

interface Started {
  readonly child: ChildProcess
  readonly stdin: Writable
  readonly stdout: Readable
}

function parseReport(line: string): StartReport {
  const report: StartReport = JSON.parse(line)
  return report
}

function failure(message: string): StartReport {
  return { problem: { code: '', message, details: {} } }
}
