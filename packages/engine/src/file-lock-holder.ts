import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { isSystemError } from './file-error.ts'

/**
 * Who holds a lock, told so exactly that its death can be proved: a process id alone comes back after a while, after
 * a reboot at once, and means another process in another container.
 */
export interface LockHolder {
  readonly host: string
  /** Changes with each start of the machine; empty where the system does not tell. */
  readonly boot: string
  /** Where `pid` has its meaning; empty where the system does not tell. */
  readonly pidSpace: string
  readonly pid: number
  /** When the process began, in ticks since the boot; empty where the system does not tell. */
  readonly started: string
  /** Of this one taking of the lock; never used twice. */
  readonly token: string
}

type Process = Omit<LockHolder, 'token'>

let own: Process | undefined

/** This process, about to take a lock. */
export function newHolder(): LockHolder {
  return { ...thisProcess(), token: randomBytes(6).toString('hex') }
}

export function encodeHolder({ host, boot, pidSpace, pid, started, token }: LockHolder): string {
  return [host, boot, pidSpace, pid, started, token].map(encodeURIComponent).join(':')
}

export function decodeHolder(text: string): LockHolder {
  const [host = '', boot = '', pidSpace = '', pid, started = '', token = ''] = text
    .split(':')
    .map(decodeURIComponent)
  return { host, boot, pidSpace, pid: Number(pid), started, token }
}

/** True only where the holder is proved to have ended; it then stays true. */
export function isDead(holder: LockHolder): boolean {
  const me = thisProcess()
  if (holder.host !== me.host) return false
  if (holder.boot !== me.boot) return true
  return holder.pidSpace === me.pidSpace && hasEnded(holder)
}

function hasEnded({ pid, started }: LockHolder): boolean {
  if (!exists(pid)) return true
  const seen = look(pid)
  return seen !== undefined && (seen.started !== started || seen.ended)
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !isSystemError(error, 'ESRCH')
  }
}

function thisProcess(): Process {
  own ??= {
    host: hostname(),
    boot: tell(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    pidSpace: tell(() => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    started: look(process.pid)?.started ?? '',
  }
  return own
}

/**
 * A process as Linux shows it; undefined elsewhere. A killed process that its parent has not waited for has ended only
 * when its last thread has: until then a write that it began may still reach the disk.
 */
function look(pid: number): { started: string; ended: boolean } | undefined {
  const stat = tell(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, threads, started] = [fields[0], fields[17], fields[19]]
  if (started === undefined) return undefined
  return { started, ended: state === 'X' || (state === 'Z' && threads === '1') }
}

function tell(ask: () => string): string {
  try {
    return ask().trim()
  } catch {
    return ''
  }
}
