import type { InstanceExit, Readiness, StopReport, Unsubscribe } from '@changeover/engine'
import type { Logger } from 'pino'
import { type InstanceRun, reportEnd } from './instance-run.ts'
import { describeEnd, type ProcessEnd } from './running-process.ts'

/** How many ended instances are remembered, for those who ask what became of them. */
const ENDS_KEPT = 200

type ExitListener = (exit: InstanceExit) => void

/** What is left to tell of an instance that does not run. */
export interface EndedInstance {
  readonly stop: StopReport
  readonly readiness: Readiness
  /** Unknown of an instance that ended before this owner came. */
  readonly service?: string
}

/** The instances that run, those that ran, and who wants to know of their ends. */
export interface InstanceRegistry {
  /** Adds a run; at its end it is told of, and `onEnd` gives back what it held. */
  add(run: InstanceRun, onEnd: () => void): void
  /** Remembers an instance that ended before this owner came. */
  addEnded(id: string, output: string): void
  get(id: string): InstanceRun | undefined
  runs(): readonly InstanceRun[]
  /** How an instance ended; one that was never heard of is gone too. */
  ended(id: string): EndedInstance
  /** What the instance printed last, as far as it is in memory; undefined for one that was never heard of. */
  output(service: string, id: string): string | undefined
  watch(service: string, listener: ExitListener): Unsubscribe
}

/** An empty {@link InstanceRegistry}. */
export function createInstanceRegistry(logger: Logger): InstanceRegistry {
  const runs = new Map<string, InstanceRun>()
  const ends = new Map<string, EndedInstance>()
  const listeners = new Set<{ readonly service: string; readonly listener: ExitListener }>()

  const remember = (id: string, end: EndedInstance): void => {
    ends.delete(id)
    ends.set(id, end)
    const [oldest] = ends.keys()
    if (ends.size > ENDS_KEPT && oldest !== undefined) ends.delete(oldest)
  }
  const tell = (exit: InstanceExit): void => {
    for (const { service, listener } of listeners) {
      if (service === exit.service) callSafely(() => listener(exit), logger)
    }
  }
  const settle = (run: InstanceRun, end: ProcessEnd): void => {
    const { id, service } = run.record
    const report = reportEnd(run, end)
    runs.delete(id)
    const stop = run.asked ? report : { ...report, graceful: true }
    remember(id, { ...endedInstance(stop, end), service })
    logger[run.asked ? 'info' : 'warn']({ ...report, service }, 'instance ended')
    if (!run.asked) tell({ ...report, service })
  }

  return {
    add(run, onEnd) {
      runs.set(run.record.id, run)
      void run.process.ended.then((end) => {
        callSafely(onEnd, logger)
        settle(run, end)
      })
    },
    addEnded: (id, output) => remember(id, goneInstance(id, { output })),
    get: (id) => runs.get(id),
    runs: () => [...runs.values()],
    ended: (id) => ends.get(id) ?? goneInstance(id, { output: '' }),
    output(service, id) {
      const run = runs.get(id)
      if (run !== undefined)
        return run.record.service === service ? run.process.output() : undefined
      const end = ends.get(id)
      return end?.service === service ? end.stop.output : undefined
    },
    watch(service, listener) {
      const entry = { service, listener }
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
  }
}

function goneInstance(instance: string, end: ProcessEnd): EndedInstance {
  return endedInstance({ instance, graceful: true, ...end }, end)
}

function endedInstance(stop: StopReport, end: ProcessEnd): EndedInstance {
  const { output } = end
  return { stop, readiness: { ready: false, exited: true, reason: describeEnd(end), output } }
}

/** What others do wrong in a callback must not end the owner of the instances. */
function callSafely(callback: () => void, logger: Logger): void {
  try {
    callback()
  } catch (error) {
    logger.error({ err: error }, 'a callback at the end of an instance threw')
  }
}
