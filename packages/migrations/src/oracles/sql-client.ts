/** A column of an answer. */
export interface Field {
  readonly name: string
  /** Oid of its type. */
  readonly type: number
  /** Type modifier; -1 where it has none. */
  readonly modifier: number
}

/** What came back from the last statement that was sent. Values are texts as the server writes them. */
export interface Answer {
  readonly fields: readonly Field[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** What an oracle needs of a driver: one connection and the simple protocol, so that all servers are asked in the same way. */
export interface SqlClient {
  /**
   * Sends one or more statements.
   *
   * @throws Error with `code` (SQLSTATE), `message` and `position` as the server gave them
   */
  query(sql: string): Promise<Answer>
  close(): Promise<void>
}

/** What a server says where it refuses. */
export interface SqlRefusal {
  readonly code: string
  readonly message: string
  /** From 1, in code points of what was sent. */
  readonly position?: number
  readonly constraint?: string
}

interface SqlErrorFields {
  readonly code?: unknown
  readonly position?: unknown
  readonly constraint?: unknown
}

/** Reads what a driver threw. @throws the same again where it does not come from the server (a connection that is gone) */
export function refusalOf(error: unknown): SqlRefusal {
  if (!(error instanceof Error)) throw error
  const { code, position, constraint, message }: SqlErrorFields & Error = error
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) throw error
  return {
    code,
    message,
    ...(position === undefined ? {} : { position: Number(position) }),
    ...(typeof constraint === 'string' ? { constraint } : {}),
  }
}

/** Sends it, and gives back what the server says where it refuses. */
export async function attempt(client: SqlClient, sql: string): Promise<SqlRefusal | undefined> {
  try {
    await client.query(sql)
    return undefined
  } catch (error) {
    return refusalOf(error)
  }
}

/** A string constant, whatever `standard_conforming_strings` says. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** A name, quoted. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The rows as objects, by the names of the columns; for queries whose columns the caller knows. */
export async function rowsOf<Row>(client: SqlClient, sql: string): Promise<Row[]> {
  const { fields, rows } = await client.query(sql)
  return rows.map((row) => {
    const entries = fields.map(({ name }, index) => [name, row[index] ?? null] as const)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the query of the caller says which columns there are
    return Object.fromEntries(entries) as Row
  })
}
