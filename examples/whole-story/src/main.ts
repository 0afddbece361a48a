import { constants } from 'node:os'
import { z } from 'zod'
import { type Ending, findFaults, summarize } from './ending.ts'
import { type DemoOptions, readOptions } from './options.ts'
import { ask } from './programs.ts'
import { openStage, type Stage } from './stage.ts'
import { playStory } from './story.ts'
import { watchShop } from './watch.ts'

/** Plays the story from the first process to the last. @returns whether everything went as promised */
async function run(options: DemoOptions, signal: AbortSignal): Promise<boolean> {
  const stage = await openStage()
  try {
    signal.throwIfAborted()
    const ending = await perform(stage, options, signal)
    const faults = findFaults(ending)
    for (const fault of faults) process.stderr.write(`not as promised: ${fault}\n`)
    process.stdout.write(`\n${summarize(ending).join('\n')}\n`)
    return faults.length === 0
  } finally {
    await stage.close()
  }
}

async function perform(stage: Stage, { rate }: DemoOptions, signal: AbortSignal): Promise<Ending> {
  const created = await ask(stage, ['token', 'create', 'demo', '--role', 'operator', '--json'])
  const { token } = z.object({ token: z.string() }).parse(JSON.parse(created))
  process.stdout.write(`the shop:    curl ${stage.shopUrl}\n`)
  process.stdout.write(`the console: ${stage.consoleUrl} (sign in with ${token})\n`)
  const watch = watchShop(stage.consoleUrl, token, signal)
  return playStory({ stage, watch, rate, signal })
}

async function main(): Promise<void> {
  const interruption = new AbortController()
  let exitCode = 1
  const interrupt = (signal: 'SIGINT' | 'SIGTERM'): void => {
    exitCode = 128 + constants.signals[signal]
    // Whoever asks twice does not want to wait; the keeper ends what is left.
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
