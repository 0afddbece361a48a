import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { fleetError } from './fleet-error.ts'
import type { ProcessIdentity } from './process-identity.ts'

/** What a reaper is told when it starts. */
export interface ReaperOrders {
  /** Pid of the owner, for people who find the reaper in the list of processes. */
  readonly owner: number
  readonly token: string
  readonly signal: NodeJS.Signals
  readonly graceMs: number
}

/** One line from the owner to its reaper. */
export type ReaperCommand =
  | { readonly watch: ProcessIdentity }
  | { readonly forget: ProcessIdentity }

/** The owner's end of the pipe to its reaper. */
export interface ReaperLink {
  /** Starts the reaper, once. To be awaited before the first launch. */
  start(): Promise<void>
  /** From now on this process does not outlive the owner. Takes effect at once, without waiting. */
  watch(identity: ProcessIdentity): void
  forget(identity: ProcessIdentity): void
  /** Lets the reaper end what is left, and waits for its end. */
  close(): Promise<void>
}

// Seen from dist/ this is the file beside this one; seen from src/, where only tests run, the built one.
const SCRIPT = new URL('../dist/reaper.js', import.meta.url)
const REVIVALS = 3

/** A link to a reaper that is started with the first launch and started again should somebody kill it. */
export function createReaperLink(orders: ReaperOrders, logger: Logger): ReaperLink {
  const watched = new Map<number, ProcessIdentity>()
  let reaper: ChildProcess | undefined
  let starting: Promise<void> | undefined
  let revivals = 0
  let closed = false

  const tell = (command: ReaperCommand): void => {
    reaper?.stdin?.write(`${JSON.stringify(command)}\n`)
  }
  const revive = (): void => {
    reaper = undefined
    starting = undefined
    if (closed) return
    const log = { watched: watched.size, revivals }
    if (revivals++ >= REVIVALS) return logger.error(log, 'reaper died again and is not replaced')
    logger.warn(log, 'reaper died and is replaced')
    start().catch((error: unknown) => logger.error({ err: error }, 'reaper could not be replaced'))
  }
  const start = (): Promise<void> => (starting ??= begin().catch(forgetStart))
  const begin = async (): Promise<void> => {
    reaper = spawnReaper(orders)
    reaper.once('exit', revive)
    for (const watch of watched.values()) tell({ watch })
    await isReady(reaper)
  }
  const forgetStart = (error: unknown): never => {
    reaper = undefined
    starting = undefined
    throw error
  }

  return {
    start,
    watch(identity) {
      watched.set(identity.pid, identity)
      tell({ watch: identity })
    },
    forget(identity) {
      watched.delete(identity.pid)
      tell({ forget: identity })
    },
    async close() {
      closed = true
      await starting
      if (reaper === undefined) return
      const ended = once(reaper, 'exit')
      reaper.ref()
      reaper.stdin?.end()
      await ended
    },
  }
}

function spawnReaper(orders: ReaperOrders): ChildProcess {
  if (!existsSync(SCRIPT)) throw reaperMissing(fileURLToPath(SCRIPT))
  // An empty environment: of a fleet inside a fleet's instance, the reaper must not carry the outer token.
  const reaper = spawn(process.execPath, [fileURLToPath(SCRIPT), JSON.stringify(orders)], {
    cwd: '/',
    detached: true,
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  reaper.on('error', () => {}) // Told by `isReady`.
  reaper.stdin?.on('error', () => {}) // It died, which its exit tells.
  reaper.unref()
  if (reaper.stdin instanceof Socket) reaper.stdin.unref()
  return reaper
}

async function isReady(reaper: ChildProcess): Promise<void> {
  await once(reaper, 'spawn')
  const ready = await new Promise((resolve) => {
    reaper.once('exit', () => resolve(false))
    reaper.stdout?.once('data', () => resolve(true))
  })
  reaper.stdout?.destroy()
  if (ready !== true) throw reaperFailed(reaper)
}

function reaperFailed({ exitCode, signalCode }: ChildProcess): Error {
  const details = { exitCode, signalCode, end: exitCode ?? signalCode }
  const paths = { program: process.execPath, script: fileURLToPath(SCRIPT) }
  return fleetError('CHANGEOVER_PROCESS_REAPER_FAILED', { ...details, ...paths })
}

function reaperMissing(path: string): Error {
  return fleetError('CHANGEOVER_PROCESS_REAPER_MISSING', { path })
}
