import type { Pool } from 'pg'

/** The orders in the shop's database. */
export interface Orders {
  add(text: string): Promise<void>
  count(): Promise<number>
}

/** What a release runs: those up to 4 write `note`, later ones `comment`. */
export function ordersOf(version: string, pool: Pick<Pool, 'query'>): Orders {
  const column = Number(version.split('.', 1)[0]) < 5 ? 'note' : 'comment'
  return {
    async add(text) {
      await pool.query(`INSERT INTO orders (${column}) VALUES ($1)`, [text])
    },
    async count() {
      const { rows } = await pool.query<{ count: string }>(
        `SELECT count(${column}) FROM (SELECT ${column} FROM orders ORDER BY id DESC LIMIT 10) AS latest`,
      )
      return Number(rows[0]?.count)
    },
  }
}
