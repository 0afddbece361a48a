import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process of this machine. */
export interface FoundProcess {
  readonly pid: number
  readonly commandLine: string
}

/** Processes that carry `mark` in their environment or on their command line, this one left out. */
export function processesWith(mark: string): readonly FoundProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    const commandLine = read(pid, 'cmdline')
    const marked = commandLine.includes(mark) || read(pid, 'environ').includes(mark)
    return marked && Number(pid) !== process.pid ? [{ pid: Number(pid), commandLine }] : []
  })
}

/** The instances among them: what a fleet launched carries a token. */
export function instancesWith(mark: string): readonly FoundProcess[] {
  return processesWith(mark).filter(({ pid }) => read(pid, 'environ').includes('CHANGEOVER_TOKEN='))
}

/** The reapers of the fleets of process `owner`. */
export function reapersOf(owner: number): readonly FoundProcess[] {
  return processesWith(`"owner":${owner},`)
}

/** Waits until `look` finds nothing; gives back what is left after `withinMs`. */
export async function nothingLeft(
  look: () => readonly FoundProcess[],
  withinMs = 20_000,
): Promise<readonly FoundProcess[]> {
  const until = performance.now() + withinMs
  while (look().length > 0 && performance.now() < until) await sleep(100)
  return look()
}

/** Kills what a failed test left, and what that starts meanwhile. */
export async function killAll(mark: string): Promise<void> {
  await nothingLeft(() => {
    const left = processesWith(mark)
    for (const { pid } of left) kill(pid)
    return left
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was faster.
  }
}

/** Empty for a process that is gone, or that has ended and is only waiting to be told of. */
function read(pid: number | string, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
