import { formatAddress } from '@changeover/engine'
import { decodeName } from './name-code.ts'

/** A server of a slot, as HAProxy shows it. */
export interface LiveServer {
  /** As HAProxy names it. */
  readonly name: string
  /** The instance; undefined for a server that no adapter added. */
  readonly id: string | undefined
  readonly address: string
  /** Whether it may get new requests. */
  readonly open: boolean
  /** Whether it is as an adapter leaves it: open, up, and with the weight of all others. */
  readonly fit: boolean
}

/** Requests that a backend and its servers are answering right now. */
export interface Load {
  /** Requests that are in the backend and at none of its servers: waiting, or about to be tried again. */
  readonly waiting: number
  /** By the name of the server. */
  readonly servers: ReadonlyMap<string, number>
}

/** Counters of one release. */
export interface CountedRelease {
  readonly release: string
  readonly inFlight: number
  /** The counters in the order of the configuration. */
  readonly counters: readonly number[]
}

/** Which process answers. */
export interface ProcessInfo {
  readonly version: string
  readonly pid: number
}

/** A reply that is none: the socket is not HAProxy's, or the reply was cut. */
export class ReplyError extends Error {}

/** Reads `show info`. @throws ReplyError */
export function parseInfo(reply: string): ProcessInfo {
  const version = /^Version: (\S+)$/m.exec(reply)?.[1]
  const pid = Number(/^Pid: (\d+)$/m.exec(reply)?.[1])
  if (version !== undefined && pid > 0) return { version, pid }
  throw new ReplyError(`"show info" was answered with ${quoted(reply)}`)
}

/** Reads `get var`: undefined where there is no such variable. @throws ReplyError */
export function parseVariable(reply: string): string | undefined {
  if (reply.startsWith('Variable not found')) return undefined
  const [, value] = /^proc\.[\w.]+: type=str value=<(.*)>\s*$/.exec(reply) ?? []
  if (value !== undefined) return value
  throw new ReplyError(`"get var" was answered with ${quoted(reply)}`)
}

const STATE = ['be_name', 'srv_name', 'srv_addr', 'srv_op_state', 'srv_admin_state'] as const
const MORE_STATE = ['srv_uweight', 'srv_iweight', 'srv_port'] as const

/** Reads `show servers state`: servers by backend. @throws ReplyError */
export function parseServers(reply: string): ReadonlyMap<string, readonly LiveServer[]> {
  const rows = table(reply.replace(/^1\n/, ''), ' ', [...STATE, ...MORE_STATE])
  const backends = new Map<string, LiveServer[]>()
  for (const row of rows) {
    const servers = backends.get(row('be_name')) ?? []
    backends.set(row('be_name'), servers)
    servers.push(parseServer(row))
  }
  return backends
}

function parseServer(row: Row<(typeof STATE)[number] | (typeof MORE_STATE)[number]>): LiveServer {
  const open = row('srv_admin_state') === '0'
  const plain = row('srv_uweight') === '1' && row('srv_iweight') === '1'
  return {
    name: row('srv_name'),
    id: decodeName(row('srv_name')),
    address: formatAddress({ host: row('srv_addr'), port: Number(row('srv_port')) }),
    open,
    fit: open && plain && row('srv_op_state') === '2',
  }
}

/** Reads `show stat`: what each backend is answering. @throws ReplyError */
export function parseLoad(reply: string): ReadonlyMap<string, Load> {
  const current = new Map<string, { total: number; servers: Map<string, number> }>()
  for (const row of table(reply, ',', ['pxname', 'svname', 'scur'])) {
    const [backend, server, count] = [row('pxname'), row('svname'), Number(row('scur'))]
    const load = current.get(backend) ?? { total: 0, servers: new Map<string, number>() }
    current.set(backend, load)
    if (server === 'BACKEND') load.total = count
    else load.servers.set(server, count)
  }
  return new Map(
    Array.from(current, ([name, { total, servers }]) => {
      const busy = [...servers.values()].reduce((sum, count) => sum + count, 0)
      return [name, { servers, waiting: Math.max(0, total - busy) }]
    }),
  )
}

/** Reads `show table` of the table of counts. @throws ReplyError */
export function parseCounts(reply: string): readonly CountedRelease[] {
  if (!reply.startsWith('# table:'))
    throw new ReplyError(`"show table" was answered with ${quoted(reply)}`)
  return reply.split('\n').flatMap((line) => {
    const release = decodeName(/ key=(\S+) /.exec(line)?.[1] ?? '-')
    if (release === undefined) return []
    const inFlight = Number(/ conn_cur=(\d+)/.exec(line)?.[1])
    const counters = Array.from(line.matchAll(/ gpc\d+=(\d+)/g), ([, count]) => Number(count))
    return [{ release, inFlight, counters }]
  })
}

/** Reads `show proc` of a master: pids of workers that a reload has replaced and that have not ended. @throws ReplyError */
export function parseOldWorkers(reply: string): readonly number[] {
  if (!reply.includes('# workers'))
    throw new ReplyError(`"show proc" was answered with ${quoted(reply)}`)
  const [, old = ''] = reply.split('# old workers')
  const [rows = ''] = old.split('# programs')
  return Array.from(rows.matchAll(/^(\d+)\s+worker\b/gm), ([, pid]) => Number(pid))
}

/** A line of a table, by its columns. */
type Row<Column extends string> = (column: Column) => string

/** The named columns of a table whose first line, after `# `, has their names. */
function table<Column extends string>(
  reply: string,
  separator: string,
  columns: readonly Column[],
): readonly Row<Column>[] {
  const [head = '', ...lines] = reply.split('\n').filter((line) => line !== '')
  const names = head.replace(/^# /, '').split(separator)
  if (!head.startsWith('# ') || columns.some((column) => !names.includes(column)))
    throw new ReplyError(`a table was expected, and came ${quoted(reply)}`)
  return lines.map((line) => {
    const cells = line.split(separator)
    return (column) => cells[names.indexOf(column)] ?? ''
  })
}

function quoted(reply: string): string {
  const line = reply.trim().split('\n')[0] ?? ''
  return `"${line.slice(0, 120)}"`
}
