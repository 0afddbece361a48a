import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { type Address, formatAddress } from '@changeover/engine'

/** A connection in the kernel's table. */
export interface Socket {
  readonly inode: string
  /** `host:port` of the other end. */
  readonly remote: string
}

/** States in which data may still pass: established, being opened, closed by the other end alone. */
const OPEN = new Set(['01', '02', '08'])

/** The open connections in a text such as `/proc/net/tcp` or `/proc/net/tcp6`. Pure. */
export function parseSockets(text: string): readonly Socket[] {
  return text.split('\n').flatMap((line) => {
    const [, , remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/)
    if (!OPEN.has(state) || inode === '0') return []
    return [{ inode, remote: remoteOf(remote) }]
  })
}

/** The kernel writes addresses as words of four bytes, the last byte of each first. */
function remoteOf(text: string): string {
  const [host = '', port = ''] = text.split(':')
  const bytes = (host.match(/.{8}/g) ?? []).flatMap((word) =>
    [6, 4, 2, 0].map((at) => Number.parseInt(word.slice(at, at + 2), 16)),
  )
  return formatAddress({ host: hostOf(bytes), port: Number.parseInt(port, 16) })
}

function hostOf(bytes: readonly number[]): string {
  const mapped =
    bytes.length === 16 && bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255
  if (bytes.length === 4 || mapped) return bytes.slice(-4).join('.')
  const groups = Array.from(
    { length: 8 },
    (_, i) => (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0),
  )
  return canonical(groups.map((group) => group.toString(16)).join(':'))
}

/** An IP address in the one form in which equal ones are equal texts. */
export function canonical(host: string): string {
  return host.includes(':') ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host
}

/** How many connections these processes have to any of these addresses; undefined where the system does not tell. */
export function connectionsTo(
  pids: readonly number[],
  addresses: readonly Address[],
): number | undefined {
  const wanted = new Set(
    addresses.map(({ host, port }) => formatAddress({ host: canonical(host), port })),
  )
  try {
    const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFileSync(path, 'utf8'))
    const inodes = new Set(
      tables
        .flatMap(parseSockets)
        .flatMap(({ inode, remote }) => (wanted.has(remote) ? [inode] : [])),
    )
    return pids.flatMap(socketsOf).filter((inode) => inodes.has(inode)).length
  } catch {
    return undefined
  }
}

/** @throws Error where this process may not look, or the other is gone */
function socketsOf(pid: number): readonly string[] {
  const directory = `/proc/${pid}/fd`
  return readdirSync(directory).flatMap((fd) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`${directory}/${fd}`)) ?? []
    return inode === undefined ? [] : [inode]
  })
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
