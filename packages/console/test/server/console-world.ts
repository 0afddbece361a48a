import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  approve,
  canary,
  createEngine,
  type Engine,
  memoryFleet,
  memoryRouter,
  memoryStore,
  type Release,
  type Router,
  type StartRequest,
  type Store,
  type Strategy,
  weight,
} from '@changeover/engine'
import {
  type AuditLog,
  type Console,
  type ConsoleOptions,
  createAccess,
  createConsole,
  createToken,
} from '@changeover/console'
import type { AuditEntry, Role } from '@changeover/console/api'

/** A console on a real server, beside an engine on ports in memory. */
export interface World extends AsyncDisposable {
  readonly engine: Engine
  readonly store: Store
  readonly console: Console
  readonly url: string
  readonly audit: readonly AuditEntry[]
  /** Tokens by role. `other` is a second approver. */
  readonly tokens: Readonly<Record<Role | 'other', string>>
  /** Asks as somebody; as nobody without a role. */
  readonly ask: (path: string, asked?: Asked) => Promise<Reply>
}

export interface Asked {
  readonly as?: Role | 'other'
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Undefined where the answer is no JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read what they expect
  readonly json: any
}

export interface WorldOptions extends Partial<ConsoleOptions> {
  readonly strategy?: Strategy
  /** Puts the handler of a console into that of a server. */
  readonly mount?: (console: Console) => RequestListener
}

export const SECRET = 'hunter2-in-the-spec'

export function release(id: string): Release {
  return { id, version: `${id}.0`, spec: { env: { PASSWORD: SECRET } } }
}

/** Waits for one approval before the new release gets anything. */
export const gated: Strategy = canary({ steps: [approve('go'), weight(100)] })

/** A store that engines share, and that tells none of them of the others. */
export function withoutSending(store: Store): Store {
  const { name } = store
  return {
    name,
    append: (...call) => store.append(...call),
    read: (id) => store.read(id),
    rollouts: (filter) => store.rollouts(filter),
    lease: (...call) => store.lease(...call),
    release: (lease) => store.release(lease),
    close: () => store.close(),
  }
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { strategy = gated, mount = (console) => console.handler, ...given } = options
  const store = given.store ?? memoryStore()
  const router: Router = given.router ?? memoryRouter()
  const engine = given.engine ?? createEngine({ store, router, fleet: memoryFleet() })
  const made = (['viewer', 'approver', 'operator'] as const).map((role) => ({
    role,
    ...createToken({ name: `the-${role}`, role }),
  }))
  const other = createToken({ name: 'the-other', role: 'approver' })
  const stored = [...made.map((one) => one.stored), other.stored]
  const access = createAccess({
    tokens: { list: () => stored, close: () => Promise.resolve() },
  })
  const audited: AuditEntry[] = []
  const deploys = async (
    service: string,
    {
      version,
      release: id = version,
      set = {},
    }: Parameters<NonNullable<ConsoleOptions['deploys']>>[1],
  ): Promise<StartRequest> => ({
    service,
    release: release(id),
    replicas: Number(set['replicas'] ?? 2),
    strategy,
  })
  const services = (): { name: string; replicas: number }[] => [{ name: 'shop', replicas: 2 }]
  const console = createConsole({
    engine,
    store,
    router,
    access,
    audit: memoryAudit(audited),
    services,
    deploys,
    ...given,
  })
  const server = createServer(mount(console))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const tokenOf = (role: Role): string => made.find((one) => one.role === role)!.token
  const tokens = {
    viewer: tokenOf('viewer'),
    approver: tokenOf('approver'),
    operator: tokenOf('operator'),
    other: other.token,
  }
  return {
    engine,
    store,
    console,
    url,
    tokens,
    audit: audited,
    async ask(path, { as, method = 'GET', body, headers = {} } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          ...(as ? { authorization: `Bearer ${tokens[as]}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const { status } = response
      return { status, headers: response.headers, text, json: parse(text) }
    },
    async [Symbol.asyncDispose]() {
      await console.close()
      await engine.close()
      await access.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An audit log that keeps what it is told in `entries`. */
export function memoryAudit(entries: AuditEntry[]): AuditLog {
  return {
    async record(entry) {
      entries.push({ ...entry, seq: entries.length, at: 0, prev: '', hash: '' })
    },
    read: ({ before = Infinity, limit }) =>
      Promise.resolve(
        entries
          .filter(({ seq }) => seq < before)
          .toReversed()
          .slice(0, limit),
      ),
    verify: () => Promise.resolve({ ok: true, entries: entries.length, problem: undefined }),
    close: () => Promise.resolve(),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
