/** One query that a tool sent. */
export interface Sent {
  readonly text: string
  /** Texts of the bound values; null for NULL. */
  readonly values: readonly (string | null)[]
  /** The connection that it went through. */
  readonly client: number
  /** Id of the migration that sent it; undefined for what the tool does by itself. */
  readonly owner: string | undefined
}

/** What was sent, in its order. */
export interface SentLog {
  readonly sent: readonly Sent[]
  /** Ids with the files they came from, in the order in which they ran. */
  readonly migrations: ReadonlyMap<string, string>
  record(client: number, text: string, values: readonly unknown[]): void
  /** What is sent meanwhile belongs to this migration. */
  within<Result>(id: string, file: string, run: () => Promise<Result>): Promise<Result>
  /** Says afterwards which migration sent what; for tools that do not tell meanwhile. */
  assign(
    migrations: ReadonlyMap<string, string>,
    ownerOf: (sent: Sent, index: number) => string | undefined,
  ): void
}

/** An empty log. */
export function createSentLog(): SentLog {
  let sent: Sent[] = []
  let migrations = new Map<string, string>()
  let owner: string | undefined
  return {
    get sent() {
      return sent
    },
    get migrations() {
      return migrations
    },
    record: (client, text, values) => {
      sent.push({ text, values: values.map(textOf), client, owner })
    },
    within: async (id, file, run) => {
      migrations.set(id, file)
      owner = id
      try {
        return await run()
      } finally {
        owner = undefined
      }
    },
    assign: (known, ownerOf) => {
      migrations = new Map(known)
      sent = sent.map((one, index) => ({ ...one, owner: ownerOf(one, index) }))
    },
  }
}

/** A bound value as the driver sends it, but that a point in time is sent in UTC. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  if (ArrayBuffer.isView(value)) {
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
  }
  if (Array.isArray(value)) return arrayText(value)
  if (typeof value === 'bigint') return value.toString()
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function arrayText(values: readonly unknown[]): string {
  const items = values.map((value) => {
    if (Array.isArray(value)) return arrayText(value)
    const text = textOf(value)
    return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  })
  return `{${items.join(',')}}`
}
