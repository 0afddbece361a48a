import type { OutputTail } from './output-tail.ts'
import { isRunning, killGroup, type ProcessIdentity, signalProcess } from './process-identity.ts'
import type { ProcessEnd, RunningProcess } from './running-process.ts'

// Only a parent is told of a process's end; of any other process there is no event that Node can wait for.
const LOOK_EVERY_MS = 250

/** A process that an owner before launched. */
export function adoptProcess(identity: ProcessIdentity, tail: OutputTail): RunningProcess {
  let timer: NodeJS.Timeout | undefined
  const ended = new Promise<ProcessEnd>((resolve) => {
    const look = (): void => {
      if (isRunning(identity)) return
      clearInterval(timer)
      killGroup(identity)
      resolve({ output: tail.text() })
    }
    timer = setInterval(look, LOOK_EVERY_MS).unref()
  })
  return {
    identity,
    ended,
    alive: () => isRunning(identity),
    output: () => tail.text(),
    signal: (name) => signalProcess(identity, name),
    kill: () => killGroup(identity),
    hold: () => void timer?.ref(),
    detach: () => clearInterval(timer),
  }
}
