import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MODULE = createRequire(import.meta.url).resolve('changeover')
const CHANGEOVER = join(dirname(MODULE), '../bin/changeover.js')
const KEEPER = fileURLToPath(new URL('keeper.js', import.meta.url))

/** What all programs of the story know. */
export interface Surroundings {
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
}

/** Ends everything as soon as its standard input does: with this process at the latest. */
export interface Keeper {
  /** Resolves when nothing is left. */
  sweep(): Promise<void>
}

/** Starts the one who sweeps up. */
export function startKeeper(directory: string): Keeper {
  const child = spawn(process.execPath, [KEEPER, directory], {
    // Ctrl-C is for this process.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  return {
    async sweep() {
      child.stdin.end()
      await ended
    },
  }
}

/** The agent, as a service manager runs it. */
export interface Agent {
  /** As a crash does. */
  kill(): Promise<void>
}

/** Starts the agent of `directory`; resolves when it answers. */
export async function startAgent({ directory, environment }: Surroundings): Promise<Agent> {
  const config = join(directory, 'changeover.config.json')
  const child = spawn(process.execPath, [CHANGEOVER, 'agent', '--config', config], {
    detached: true,
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await untilReady(child, join(directory, 'agent', 'agent.sock'))
  return {
    async kill() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Its socket is there as soon as it answers. */
async function untilReady(child: ChildProcess, socket: string): Promise<void> {
  while (!(await accepts(socket))) {
    if (child.exitCode !== null) throw new Error(`the agent ended with exit code ${child.exitCode}`)
    await sleep(20)
  }
}

async function accepts(path: string): Promise<boolean> {
  const connection = connect(path)
  const accepted = once(connection, 'connect').then(
    () => true,
    () => false,
  )
  return accepted.finally(() => connection.destroy())
}

/** Runs a command as a person would, who sees what it prints. @returns its exit code */
export async function changeover(
  { environment }: Surroundings,
  args: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  process.stdout.write(`\n$ changeover ${args.join(' ')}\n`)
  const child = spawn(process.execPath, [CHANGEOVER, ...args], {
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const stop = (): void => void child.kill()
  signal.addEventListener('abort', stop, { once: true })
  const [code] = await once(child, 'exit')
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  return Number(code)
}

/** The same, and what it prints. */
export async function ask({ environment }: Surroundings, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [CHANGEOVER, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const [code] = await once(child, 'close')
  if (code !== 0)
    throw new Error(`changeover ${args.join(' ')} ended with exit code ${String(code)}`)
  return printed
}
