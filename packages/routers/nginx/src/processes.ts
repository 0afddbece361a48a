import { readdirSync, readFileSync } from 'node:fs'

/** A process of nginx. Its start tells it from a later one with the same pid. */
export interface NginxProcess {
  readonly pid: number
  readonly startedAt: string
}

/** A worker of nginx. */
export interface Worker extends NginxProcess {
  /** Whether it only finishes what it has, since a reload or a stop. */
  readonly leaving: boolean
}

/** The master whose pid is in the file; undefined where there is none, or another program has that pid now. */
export function masterOf(pidFile: string): NginxProcess | undefined {
  const pid = Number.parseInt(read(pidFile), 10)
  if (!(pid > 1) || !read(`/proc/${pid}/cmdline`).startsWith('nginx: master')) return undefined
  return identify(pid)
}

/** The workers of a master, those that are leaving included. */
export function workersOf({ pid }: NginxProcess): readonly Worker[] {
  return childrenOf(pid).flatMap((child) => {
    const title = read(`/proc/${child}/cmdline`)
    const known = identify(child)
    if (!title.startsWith('nginx: worker process') || !known) return []
    return [{ ...known, leaving: title.includes('shutting down') }]
  })
}

/** Whether this very process still runs. */
export function isAlive({ pid, startedAt }: NginxProcess): boolean {
  return identify(pid)?.startedAt === startedAt
}

/** This process, as others tell it apart. */
export function thisProcess(): NginxProcess {
  return identify(process.pid) ?? { pid: process.pid, startedAt: '' }
}

function identify(pid: number): NginxProcess | undefined {
  const startedAt = startOf(read(`/proc/${pid}/stat`))
  return startedAt === undefined ? undefined : { pid, startedAt }
}

/** The start of a process in clock ticks since boot, from its `stat`; undefined for a zombie. The name may hold blanks. */
export function startOf(stat: string): string | undefined {
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' || state === 'X' ? undefined : fields[18]
}

function childrenOf(pid: number): readonly number[] {
  const listed = tryRead(`/proc/${pid}/task/${pid}/children`)
  if (listed !== undefined) return listed.split(' ').filter(Boolean).map(Number)
  // Kernels without that list.
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(read(`/proc/${child}/stat`)) === pid)
}

function parentOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

function read(path: string): string {
  return tryRead(path) ?? ''
}

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
