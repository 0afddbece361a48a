import type { Migration } from '../migration.ts'
import { boundSql } from './bound-sql.ts'
import type { Sent, SentLog } from './sent-log.ts'
import { withTransactions } from './transactions-of.ts'

/** What was sent, with the transaction that the tool had opened around it. */
interface Placed extends Sent {
  /** Undefined where there was none. */
  readonly transaction: number | undefined
  /** Settings of its connection that the tool had made before. */
  readonly settings: readonly string[]
}

const BEGIN = /^\s*(?:begin|start\s+transaction)\b/i
const END = /^\s*(?:commit|end|abort|rollback(?!\s+(?:work\s+|transaction\s+)?to\b))\b/i
const SETTING = /^\s*set\s+(?!(?:local|transaction|constraints)\b)/i

/** The migrations that a tool ran, each with what it really sent, between the boundaries that it really set. */
export async function capturedMigrations(log: SentLog): Promise<readonly Migration[]> {
  const placed = place(log.sent)
  const shared = sharedTransactions(placed)
  const migrations: Migration[] = []
  for (const [id, file] of log.migrations) {
    const own = placed.filter(({ owner }) => owner === id)
    const sql = await textOf(own)
    const around = own.findLast(({ transaction }) => transaction !== undefined)?.transaction
    migrations.push({ id, file, sql, ...transactionOf(around, shared) })
  }
  return withTransactions(migrations, shared.size > 0 ? 'all' : 'each')
}

/** Only what the tool itself begins and ends is a boundary; what a migration does stays in its text. */
function place(sent: readonly Sent[]): readonly Placed[] {
  const open = new Map<number, number>()
  const settings = new Map<number, string[]>()
  return sent.map((one, index) => {
    const { client, text, owner } = one
    if (owner === undefined) {
      if (BEGIN.test(text)) open.set(client, index)
      else if (END.test(text)) open.delete(client)
      else if (SETTING.test(text)) settings.set(client, [...(settings.get(client) ?? []), text])
    }
    return { ...one, transaction: open.get(client), settings: settings.get(client) ?? [] }
  })
}

/** Those in which more than one migration ran. */
function sharedTransactions(placed: readonly Placed[]): ReadonlySet<number> {
  const owners = new Map<number, Set<string>>()
  for (const { transaction, owner } of placed) {
    if (transaction === undefined || owner === undefined) continue
    owners.set(transaction, (owners.get(transaction) ?? new Set()).add(owner))
  }
  return new Set([...owners].flatMap(([transaction, { size }]) => (size > 1 ? [transaction] : [])))
}

/** What shares one is told by the mode of them all. */
function transactionOf(
  around: number | undefined,
  shared: ReadonlySet<number>,
): Pick<Migration, 'transaction'> {
  if (around === undefined) return { transaction: 'none' }
  return shared.has(around) ? {} : { transaction: 'own' }
}

async function textOf(own: readonly Placed[]): Promise<string> {
  const settings = own[0]?.settings ?? []
  const texts = [...settings]
  for (const { text, values } of own) texts.push(await boundSql(text, values))
  return texts.map((text) => `${ended(text.trim())}\n`).join('')
}

/** A comment in the last line would swallow the semicolon. */
function ended(text: string): string {
  if (text === '' || text.endsWith(';')) return text
  return text.slice(text.lastIndexOf('\n') + 1).includes('--') ? `${text}\n;` : `${text};`
}
