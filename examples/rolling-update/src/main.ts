import { constants } from 'node:os'
import { type Cast, playDemo } from './demo.ts'
import { type Ending, findFaults, summarize } from './ending.ts'
import { type DemoOptions, readOptions } from './options.ts'
import { openScreen } from './screen.ts'
import { openShow } from './show.ts'
import { openStage } from './stage.ts'

/** Plays the demo from the first process to the last. @returns whether everything went as promised */
async function run({ rate }: DemoOptions, signal: AbortSignal): Promise<boolean> {
  const stage = await openStage()
  // Wakes whatever waits for a rollout.
  const leave = (): void => void stage.engine.close()
  signal.addEventListener('abort', leave, { once: true })
  try {
    signal.throwIfAborted()
    return await perform({ stage, rate, signal })
  } finally {
    await stage.close()
  }
}

async function perform(cast: Omit<Cast, 'show'>): Promise<boolean> {
  const show = openShow(cast.stage, openScreen(process.stdout, process.env))
  const ending = await play({ ...cast, show })
  const faults = findFaults(ending)
  for (const fault of faults) process.stderr.write(`not as promised: ${fault}\n`)
  process.stdout.write(`${summarize(ending).join('\n')}\n`)
  return faults.length === 0
}

async function play(cast: Cast): Promise<Ending> {
  try {
    return await playDemo(cast)
  } finally {
    await cast.show.close()
  }
}

async function main(): Promise<void> {
  const interruption = new AbortController()
  let exitCode = 1
  const interrupt = (signal: 'SIGINT' | 'SIGTERM'): void => {
    exitCode = 128 + constants.signals[signal]
    // Whoever asks twice does not want to wait; the fleet's reaper stops the instances.
    if (interruption.signal.aborted) process.exit(exitCode)
    interruption.abort(new Error(`${signal}: stopping everything`))
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    const { signal } = interruption
    const good = await run(readOptions(process.argv.slice(2)), signal)
    if (good && !signal.aborted) exitCode = 0
  } catch (error) {
    const { reason } = interruption.signal
    process.stderr.write(`${reason instanceof Error ? reason.message : String(error)}\n`)
  }
  process.exitCode = exitCode
}

void main()
