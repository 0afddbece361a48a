/** A query on its way to the server. */
export interface SentQuery {
  readonly text: string
  readonly values: readonly unknown[] | undefined
  /** Of a named prepared statement. */
  readonly name: string | undefined
}

/** Opens a connection of the kind that was listened to. */
export type Connector = () => Promise<OpenClient>

/** The part of a `pg` client that is used here. */
export interface OpenClient {
  query(...parameters: unknown[]): unknown
  end(): Promise<void>
}

/** Listens to queries. */
export interface Interception {
  /** Undefined as long as no connection was seen. */
  connector(): Connector | undefined
  /** Puts everything back. Idempotent. */
  end(): void
}

type Method = (this: unknown, ...parameters: unknown[]) => unknown
type Holder = Record<string, unknown>

/** Tells of every query that goes through a pool, a client or all clients of a class, and leaves it as it is. */
export function interceptQueries(target: object, tell: (sent: SentQuery) => void): Interception {
  const undo = new Set<() => void>()
  let ended = false
  let seen: object | undefined
  const meet = (client: unknown): void => {
    if (isHolder(client)) seen = client
  }
  const listen = (holder: object): void => {
    undo.add(
      replace(
        holder,
        'query',
        (original) =>
          function query(this: unknown, ...parameters: unknown[]) {
            meet(this)
            const sent = ended ? undefined : sentQuery(parameters)
            if (sent !== undefined) tell(sent)
            return original().apply(this, parameters)
          },
      ),
    )
  }
  if (typeof target === 'function') listen(prototypeOf(target))
  else if (isPool(target)) undo.add(listenToPool(target, listen, () => ended))
  else listen(target)
  return {
    connector: () => (seen === undefined ? undefined : connectorLike(seen)),
    end: () => {
      ended = true
      for (const each of undo) each()
      undo.clear()
    },
  }
}

/** Every query of a pool goes through a client that it hands out, those of `pool.query()` too. */
function listenToPool(
  pool: object,
  listen: (client: object) => void,
  ended: () => boolean,
): () => void {
  const known = new WeakSet<object>()
  const meet = (client: unknown): void => {
    if (typeof client !== 'object' || client === null || known.has(client) || ended()) return
    known.add(client)
    listen(client)
  }
  return replace(
    pool,
    'connect',
    (original) =>
      function connect(this: unknown, ...parameters: unknown[]) {
        const [callback] = parameters
        if (typeof callback === 'function') {
          return original().call(this, (error: unknown, client: unknown, release: unknown) => {
            meet(client)
            Reflect.apply(callback, undefined, [error, client, release])
          })
        }
        return Promise.resolve(original().apply(this, parameters)).then((client) => {
          meet(client)
          return client
        })
      },
  )
}

/** Puts another method in the place of one, and tells how to put it back. */
function replace(
  holder: object,
  name: string,
  make: (original: () => Method) => Method,
): () => void {
  const own = Object.getOwnPropertyDescriptor(holder, name)
  const above = (): Method => methodOf(own?.value ?? Reflect.get(prototypeBehind(holder), name))
  const made = make(above)
  Object.defineProperty(holder, name, {
    value: made,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  })
  return () => {
    if (Reflect.get(holder, name) !== made) return
    if (own) Object.defineProperty(holder, name, own)
    else Reflect.deleteProperty(holder, name)
  }
}

function methodOf(value: unknown): Method {
  if (typeof value !== 'function') throw new TypeError('The method of the driver is gone.')
  return function method(this: unknown, ...parameters: unknown[]): unknown {
    return Reflect.apply(value, this, parameters)
  }
}

function prototypeBehind(holder: object): object {
  const prototype: unknown = Object.getPrototypeOf(holder)
  return isHolder(prototype) ? prototype : holder
}

function prototypeOf(target: object): object {
  const prototype: unknown = Reflect.get(target, 'prototype')
  return typeof prototype === 'object' && prototype !== null ? prototype : target
}

function isPool(target: object): boolean {
  return 'connect' in target && ('totalCount' in target || 'idleCount' in target)
}

/** What was sent: a text, an object with one, or a cursor or stream around one. */
function sentQuery([query, second]: readonly unknown[]): SentQuery | undefined {
  if (typeof query === 'string') return { text: query, values: listOf(second), name: undefined }
  if (!isHolder(query)) return undefined
  const inner = isHolder(query['cursor']) ? query['cursor'] : query
  const text = query['text'] ?? inner['text']
  const name = query['name']
  if (typeof text !== 'string') return undefined
  const values = listOf(second) ?? listOf(query['values'] ?? inner['values'])
  return { text, values, name: typeof name === 'string' && name !== '' ? name : undefined }
}

function isHolder(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
}

const SETTINGS = ['host', 'port', 'user', 'password', 'database', 'ssl'] as const

/** Another connection to where this one goes: its own may stand in the middle of a transaction. */
function connectorLike(client: object): Connector {
  return async () => {
    const make: unknown = client.constructor
    const from: Holder =
      isHolder(client) && isHolder(client['connectionParameters'])
        ? client['connectionParameters']
        : {}
    const settings = Object.fromEntries(
      SETTINGS.map((name) => [name, Reflect.get(client, name) ?? from[name]]),
    )
    const options = {
      ...settings,
      options: from['options'],
      application_name: 'changeover-recorder',
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the class of a client that was seen
    const opened = new (make as new (
      options: object,
    ) => OpenClient & { connect(): Promise<void>; on(event: string, listener: () => void): void })(
      options,
    )
    // A connection that breaks is met at the next query.
    opened.on('error', () => {})
    await opened.connect()
    return opened
  }
}
