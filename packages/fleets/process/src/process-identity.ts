import { ask, readProc } from './system-tables.ts'
import { hasCode } from './system-error.ts'

/** One process for ever: pids are used again, a pid together with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque: ticks since a boot and that boot's id on Linux, a date elsewhere. */
  readonly startTime: string
}

interface Sighting extends ProcessIdentity {
  readonly group: number
  readonly zombie: boolean
}

/** The process that has `pid` now, running or not yet reaped. */
export function identify(pid: number): ProcessIdentity | undefined {
  const seen = sight(pid)
  return seen && { pid, startTime: seen.startTime }
}

/**
 * Whether this very process still runs. A zombie does not: where pid 1 reaps nobody, as in many containers, an
 * orphan that ended stays one for ever.
 */
export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  const seen = sight(pid)
  return seen !== undefined && !seen.zombie && seen.startTime === startTime
}

/** Signals this very process; one that is gone, or whose pid is another's now, is left alone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (isRunning(identity)) send(identity.pid, signal)
}

/**
 * Kills the whole group that this process leads or led.
 *
 * A kernel does not give out a pid while a group of that number has members. So where the pid is taken by another
 * process, the group is empty and must not be touched; where it is free, the group is still ours.
 */
export function killGroup({ pid, startTime }: ProcessIdentity): void {
  const seen = sight(pid)
  if (seen === undefined || seen.startTime === startTime) send(-pid, 'SIGKILL')
}

/** Whether the process leads a group of its own. */
export function leadsGroup({ pid }: ProcessIdentity): boolean {
  return sight(pid)?.group === pid
}

/** What the system says of `pid`; `platform` is there for tests. */
export function sight(
  pid: number,
  platform: NodeJS.Platform = process.platform,
): Sighting | undefined {
  return platform === 'linux' ? sightOnLinux(pid) : sightByPs(pid)
}

function sightOnLinux(pid: number): Sighting | undefined {
  const stat = readProc(`${pid}/stat`)
  if (stat === undefined) return undefined
  // Fields 3 and on (man 5 proc); the second is the command in brackets, which may itself hold brackets and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const boot = readProc('sys/kernel/random/boot_id')?.trim() ?? ''
  return {
    pid,
    group: Number(fields[2]),
    zombie: fields[0] === 'Z' || fields[0] === 'X',
    startTime: `${fields[19] ?? ''}@${boot}`,
  }
}

function sightByPs(pid: number): Sighting | undefined {
  const line = ask('ps', ['-o', 'stat=,pgid=,lstart=', '-p', String(pid)]).trim()
  const [, state, group, startTime] = /^(\S+)\s+(\d+)\s+(.+)$/.exec(line) ?? []
  if (state === undefined || startTime === undefined) return undefined
  return { pid, group: Number(group), zombie: state.startsWith('Z'), startTime }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // ESRCH: it ended meanwhile. EPERM: what macOS says of a group in which only zombies are left.
    if (!hasCode(error, 'ESRCH', 'EPERM')) throw error
  }
}
