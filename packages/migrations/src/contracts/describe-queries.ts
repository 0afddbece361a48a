import type { ContractQuery } from './contract.ts'
import type { Connector, OpenClient } from './intercept-queries.ts'

/** What the server says about a query without running it. */
type Described = Pick<ContractQuery, 'parameters' | 'result'>

/** Asks the server for types. Queries that it refuses, or all where it does not answer, are left out. Never throws. */
export async function describeQueries(
  connect: Connector,
  queries: readonly string[],
): Promise<ReadonlyMap<string, Described>> {
  const described = new Map<string, Described>()
  let client: OpenClient | undefined
  try {
    client = await connect()
    const found = new Map<string, Shape>()
    for (const sql of queries) {
      const shape = await describe(client, sql)
      if (shape) found.set(sql, shape)
    }
    const names = await typeNames(client, [...found.values()])
    for (const [sql, shape] of found) described.set(sql, withNames(shape, names))
  } catch {
    // The types are only a help to those who read the contract: whoever proves it asks anew.
  } finally {
    await client?.end().catch(() => {})
  }
  return described
}

interface Shape {
  readonly parameters: readonly TypeKey[]
  readonly result: readonly { readonly name: string; readonly type: TypeKey }[]
}

/** Oid and modifier as `format_type` takes them. */
type TypeKey = `${number},${number}`

interface WireConnection {
  parse(
    query: { readonly text: string; readonly name: string; readonly types: readonly number[] },
    more?: boolean,
  ): void
  describe(what: { readonly type: 'S'; readonly name: string }, more?: boolean): void
  sync(): void
  once(
    event: string,
    listener: (message: { readonly dataTypeIDs: readonly number[] }) => void,
  ): void
  removeListener(event: string, listener: unknown): void
}

interface RowDescription {
  readonly fields: readonly {
    readonly name: string
    readonly dataTypeID: number
    readonly dataTypeModifier: number
  }[]
}

/** `Parse` and `Describe` of the wire protocol: a query of `pg` is whatever has these methods. */
function describe(client: OpenClient, sql: string): Promise<Shape | undefined> {
  return new Promise((resolve) => {
    const noted = parameterNote()
    let result: Shape['result'] = []
    let refused = false
    client.query({
      submit: (connection: WireConnection) => {
        noted.listen(connection)
        connection.parse({ text: sql, name: '', types: [] })
        connection.describe({ type: 'S', name: '' })
        connection.sync()
      },
      handleRowDescription: ({ fields }: RowDescription) => {
        result = fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
          name,
          type: `${dataTypeID},${dataTypeModifier}`,
        }))
      },
      handleError: () => {
        refused = true
        noted.forget()
        resolve(undefined)
      },
      handleReadyForQuery: () => {
        noted.forget()
        resolve(refused ? undefined : { parameters: noted.types(), result })
      },
    })
  })
}

interface ParameterNote {
  listen(connection: WireConnection): void
  forget(): void
  types(): readonly TypeKey[]
}

/** `pg` itself does not look at this message. */
function parameterNote(): ParameterNote {
  let types: readonly TypeKey[] = []
  let connection: WireConnection | undefined
  const note = ({ dataTypeIDs }: { readonly dataTypeIDs: readonly number[] }): void => {
    types = dataTypeIDs.map((oid): TypeKey => `${oid},-1`)
  }
  return {
    listen: (to) => {
      connection = to
      to.once('parameterDescription', note)
    },
    forget: () => connection?.removeListener('parameterDescription', note),
    types: () => types,
  }
}

async function typeNames(
  client: OpenClient,
  shapes: readonly Shape[],
): Promise<ReadonlyMap<TypeKey, string>> {
  const keys = [
    ...new Set(
      shapes.flatMap(({ parameters, result }) => [
        ...parameters,
        ...result.map(({ type }) => type),
      ]),
    ),
  ]
  if (keys.length === 0) return new Map()
  const rows = keys.map((key) => `(${key})`).join(', ')
  const text = `SELECT pg_catalog.format_type(oid::oid, modifier) FROM (VALUES ${rows}) types (oid, modifier)`
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what pg answers with `rowMode`
  const answer = (await client.query({ text, rowMode: 'array' })) as {
    readonly rows: readonly (readonly [string])[]
  }
  return new Map(keys.map((key, place) => [key, answer.rows[place]?.[0] ?? 'unknown']))
}

function withNames({ parameters, result }: Shape, names: ReadonlyMap<TypeKey, string>): Described {
  return {
    parameters: parameters.map((key) => names.get(key) ?? 'unknown'),
    result: result.map(({ name, type }) => ({ name, type: names.get(type) ?? 'unknown' })),
  }
}
