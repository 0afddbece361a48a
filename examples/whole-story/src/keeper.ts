/**
 * Ends all that the story started, when the story ends in any way, `kill -9` included: its standard input ends then. What
 * belongs to the story carries the name of its directory on the command line or in the environment.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOKS = 100
const LOOK_EVERY_MS = 50

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    // It has ended, or is somebody else's.
    return ''
  }
}

/** Their process ids. */
function processesOf(directory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => `${read(pid, 'cmdline')}\0${read(pid, 'environ')}`.includes(directory))
    .map(Number)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was faster.
  }
}

async function main(directory: string): Promise<void> {
  for await (const _chunk of process.stdin);
  for (let look = 0; look < LOOKS; look += 1) {
    const left = processesOf(directory)
    if (left.length === 0) break
    for (const pid of left) kill(pid)
    await sleep(LOOK_EVERY_MS)
  }
  rmSync(directory, { recursive: true, force: true })
}

const [, , directory] = process.argv
if (directory !== undefined) void main(directory)
