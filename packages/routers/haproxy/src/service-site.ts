import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { namesOf, slotName } from './service-names.ts'
import type { LiveRoutes } from './live-routes.ts'
import type { ServiceSettings } from './options.ts'
import { decodeText, type ReadText } from './route-text.ts'
import { parseInfo, parseServers, parseVariable, type LiveServer } from './runtime-reply.ts'
import type { Runtime } from './runtime-socket.ts'

/** One service, and the HAProxy that serves it. */
export interface ServiceSite {
  readonly service: ServiceSettings
  readonly runtime: Runtime
  /** Pids of replaced workers that still serve; always none where there is no master to ask. */
  readonly oldWorkers: (signal?: AbortSignal) => Promise<readonly number[]>
  readonly logger: Logger
}

/**
 * Asks HAProxy what is in force.
 *
 * @throws UnreachableError, ReplyError, or the reason of the signal
 */
export async function readLive(
  { service, runtime }: ServiceSite,
  signal?: AbortSignal,
): Promise<LiveRoutes> {
  const { variable, shapeVariable } = namesOf(service.name)
  const slots = Array.from({ length: service.slots }, (_, i) => slotName(service.name, i + 1))
  const [info = '', value = '', loaded = '', ...states] = await runtime(
    [
      'show info',
      `get var ${variable}`,
      `get var ${shapeVariable}`,
      ...slots.map((slot) => `show servers state ${slot}`),
    ],
    signal,
  )
  const raw = parseVariable(value)
  const servers = states.flatMap((state): (readonly [string, readonly LiveServer[]])[] =>
    state.startsWith("Can't find backend") ? [] : [...parseServers(state)],
  )
  return {
    pid: parseInfo(info).pid,
    read: raw === undefined ? undefined : decodeText(raw, service),
    shape: parseVariable(loaded),
    servers: new Map(servers),
  }
}

/** Text that no other writing has. */
export function newNonce(): string {
  return randomUUID().replaceAll('-', '').slice(0, 12)
}

/**
 * The command that puts `next` in the place of what was read, if that is still there. HAProxy compares and exchanges in one
 * go: of two writers one finds its own text afterwards.
 */
export function exchangeCommand(
  { service }: Pick<ServiceSite, 'service'>,
  read: ReadText | undefined,
  next: string,
): string {
  const { variable } = namesOf(service.name)
  const expected = read?.text ? `^${stampOf(read.raw)}/.*$` : read ? '^.*$' : '^none$'
  return `set var ${variable} var(${variable},none),regsub(${expected},${next})`
}

function stampOf(raw: string): string {
  return raw.slice(0, raw.indexOf('/'))
}
