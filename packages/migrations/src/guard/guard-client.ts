/** The rows of an answer. */
export interface GuardAnswer {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly rowCount: number | null
}

/** One connection of its own to the database; a `Client` of `pg` is one. */
export interface GuardClient {
  query(sql: string, values?: unknown[]): Promise<GuardAnswer>
  end(): Promise<void>
}

/** The rows, for queries whose columns the caller knows. */
export async function rowsOf<Row>(
  client: Pick<GuardClient, 'query'>,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const { rows } = await client.query(sql, [...values])
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the query of the caller says which columns there are
  return rows as unknown as Row[]
}

/** The SQLSTATE of what the server answered; undefined where it did not answer. */
export function stateOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** Whether the connection is gone: the server did not answer, or ended the session. */
export function isLost(error: unknown): boolean {
  const state = stateOf(error)
  return state === undefined || state.startsWith('08') || ENDED.has(state)
}

// Shut down by an administrator, crashed, cannot connect now, or idle for too long in a transaction.
const ENDED: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '25P03'])
