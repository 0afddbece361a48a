import type { Client, ClientConfig, Pool, PoolConfig } from 'pg'
import type * as Pg from 'pg'
import type { SentLog } from './sent-log.ts'

/** Stands for the package `pg`: whatever its clients are told to connect to, they reach the scratch database. */
export interface RecordingDriver {
  readonly Client: new (config?: string | ClientConfig) => Client
  readonly Pool: new (config?: PoolConfig) => Pool
  /** Ends every client that was made. */
  close(): Promise<void>
}

/** A driver that keeps what is sent through it. Everything else is that of `pg`. */
export function recordingDriver(
  pg: Pick<typeof Pg, 'Client' | 'Pool'>,
  settings: () => ClientConfig,
  log: SentLog,
): RecordingDriver {
  const clients: Client[] = []
  class RecordingClient extends pg.Client {
    constructor() {
      super(settings())
      const number = clients.push(this)
      const send = this.query.bind(this)
      const recorded = (...given: readonly unknown[]): unknown => {
        log.record(number, ...queryOf(given))
        return Reflect.apply(send, this, given)
      }
      Object.defineProperty(this, 'query', { value: recorded, configurable: true, writable: true })
      // What breaks between two queries is met at the next one.
      this.on('error', () => {})
    }
  }
  class RecordingPool extends pg.Pool {
    constructor() {
      // No timer is left behind: the clients are ended together.
      super({ Client: RecordingClient, idleTimeoutMillis: 0 })
      this.on('error', () => {})
    }
  }
  const own = {
    Client: { value: RecordingClient },
    Pool: { value: RecordingPool },
    native: { value: undefined },
    close: { value: () => endAll(clients) },
  }
  return Object.create(pg, own)
}

/** The text and the bound values of what `query` was given. */
function queryOf([query, values]: readonly unknown[]): [string, readonly unknown[]] {
  if (typeof query !== 'object' || query === null) return [textOf(query), listOf(values)]
  const { text, cursor = query } = { text: undefined, ...query }
  const inner = typeof cursor === 'object' && cursor !== null ? cursor : {}
  const own: { readonly text?: unknown; readonly values?: unknown } = inner
  return [textOf(text ?? own.text), listOf(Array.isArray(values) ? values : own.values)]
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function listOf(values: unknown): readonly unknown[] {
  return Array.isArray(values) ? values : []
}

async function endAll(clients: readonly Client[]): Promise<void> {
  await Promise.allSettled(clients.map((client) => client.end()))
}
