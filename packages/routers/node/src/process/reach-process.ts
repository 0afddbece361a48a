import { ChangeoverError, type Clock } from '@changeover/engine'
import { routerError } from '../router-error.ts'
import { callProcess, type CallTarget } from './call-process.ts'
import { isOutdated, markOf, withIdentities } from './identities.ts'
import { listenTo, type ProcessEvents } from './process-events.ts'
import type { ProcessSettings } from './process-options.ts'
import { type Hello, type Notice, type Problem, PROTOCOL } from './protocol.ts'
import { openDirectory } from './router-directory.ts'
import { encodeOptions } from './served-options.ts'
import { startProcess } from './start-process.ts'

/** How often to look for a process that another adapter is just starting, in milliseconds. */
const LOOK_EVERY_MS = 50

/**
 * The process of the directory: the one that runs, or else a new one if `start` says so; undefined where it does not.
 *
 * @throws ChangeoverError `CHANGEOVER_ROUTER_PROCESS_DIFFERS`, `CHANGEOVER_ROUTER_PROCESS_FAILED`,
 * `CHANGEOVER_ROUTER_PROCESS_MISSING`, and whatever the process itself did not start for
 */
export async function reachProcess(
  settings: ProcessSettings,
  target: CallTarget,
  clock: Clock,
  onNotice: (notice: Notice) => void,
  { start }: { readonly start: boolean },
): Promise<ProcessEvents | undefined> {
  const { files, callMs } = settings
  const { directory, log } = files
  openDirectory(directory)
  const until = clock.now() + callMs
  for (;;) {
    const events = await greet(settings, target, onNotice)
    if (events && !events.hello.stopping) return checked(events, settings, target)
    if (!start) {
      events?.close()
      return undefined
    }
    await events?.ended
    const { problem, held } = await startProcess(
      { directory, options: orderOf(settings) },
      log,
      callMs,
    )
    if (problem && (!held || clock.now() >= until)) throw startError(problem, settings)
    if (problem) await clock.sleep(LOOK_EVERY_MS)
  }
}

async function greet(
  settings: ProcessSettings,
  target: CallTarget,
  onNotice: (notice: Notice) => void,
): Promise<ProcessEvents | undefined> {
  try {
    return await listenTo(target, settings.callMs, onNotice)
  } catch (error) {
    const { directory, log } = settings.files
    const problem = error instanceof Error ? error.message : String(error)
    throw routerError('CHANGEOVER_ROUTER_PROCESS_FAILED', { directory, problem, log }, error)
  }
}

function orderOf({ served, identities }: ProcessSettings): string {
  return encodeOptions(withIdentities(served, identities))
}

async function checked(
  events: ProcessEvents,
  settings: ProcessSettings,
  target: CallTarget,
): Promise<ProcessEvents> {
  const { hash, files } = settings
  const problem = difference(events.hello, hash)
  if (problem === undefined) return renewed(events, settings, target)
  events.close()
  const { pid } = events.hello
  const { directory } = files
  throw routerError('CHANGEOVER_ROUTER_PROCESS_DIFFERS', { pid, directory, problem })
}

/** Gives the process the certificates that it does not have yet. */
async function renewed(
  events: ProcessEvents,
  { identities, callMs }: ProcessSettings,
  target: CallTarget,
): Promise<ProcessEvents> {
  try {
    for (const [service, identity] of identities) {
      if (!isOutdated(events.hello.identities[service], markOf(identity))) continue
      const call = { service, identity }
      await callProcess(target, 'renewTls', call, AbortSignal.timeout(callMs))
    }
    return events
  } catch (error) {
    events.close()
    throw error
  }
}

/** What of a process is not as it should be. */
function difference({ protocol, options }: Hello, hash: string): string | undefined {
  if (protocol !== PROTOCOL) return `it speaks protocol ${protocol}, not ${PROTOCOL}`
  return options === hash ? undefined : 'its options are others'
}

function startError({ code, message, details }: Problem, { files }: ProcessSettings): Error {
  const coded = code !== '' && code !== 'CHANGEOVER_STORE_LOCKED'
  if (coded) return new ChangeoverError(code, message, { details })
  const { directory, log } = files
  const { pid, host } = details
  const problem = pid === undefined ? message : heldBy({ pid, host })
  return routerError('CHANGEOVER_ROUTER_PROCESS_FAILED', { directory, problem, log })
}

function heldBy(holder: { readonly pid: unknown; readonly host: unknown }): string {
  return `a process that does not answer has the directory (${JSON.stringify(holder)})`
}
