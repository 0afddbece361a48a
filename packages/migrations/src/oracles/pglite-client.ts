import type { PGlite } from '@electric-sql/pglite'
import type { Answer, SqlClient } from './sql-client.ts'

type Messages = Awaited<ReturnType<PGlite['execProtocol']>>['messages']
type Message = Messages[number]

/** The one connection that a PGlite is. Closing it leaves the PGlite open. */
export function pgliteClient(database: PGlite): SqlClient {
  return {
    query: async (sql) => {
      const { messages } = await database.execProtocol(queryMessage(sql), { throwOnError: true })
      return lastAnswer(messages)
    },
    close: async () => {},
  }
}

/** `Query` of the wire protocol: its own methods tell no type modifiers. */
function queryMessage(sql: string): Uint8Array {
  const text = Buffer.from(sql)
  const message = Buffer.alloc(text.length + 6)
  message.write('Q')
  message.writeInt32BE(text.length + 5, 1)
  text.copy(message, 5)
  return message
}

interface RowDescription {
  readonly fields: readonly {
    readonly name: string
    readonly dataTypeID: number
    readonly dataTypeModifier: number
  }[]
}

function lastAnswer(messages: readonly Message[]): Answer {
  const ends = messages.flatMap(({ name }, index) => (ENDS.has(name) ? [index] : []))
  const last = messages.slice((ends.at(-2) ?? -1) + 1)
  const fields = last.filter(isRowDescription).flatMap((one) => one.fields)
  const rows = last.filter(isDataRow).map((one) => one.fields)
  return {
    fields: fields.map(({ name, dataTypeID, dataTypeModifier }) => {
      return { name, type: dataTypeID, modifier: dataTypeModifier }
    }),
    rows,
  }
}

const ENDS: ReadonlySet<string> = new Set(['commandComplete', 'emptyQuery'])

function isRowDescription(message: Message): message is Message & RowDescription {
  return message.name === 'rowDescription'
}

function isDataRow(message: Message): message is Message & { readonly fields: (string | null)[] } {
  return message.name === 'dataRow'
}
