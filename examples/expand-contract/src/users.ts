import type { Pool } from 'pg'

/** What one release asks of the table `users`. */
interface UserQueries {
  readonly create: string
  readonly rename: string
  readonly find: string
}

/**
 * The three releases, side by side. In a project of yours each is the same file at another commit.
 *
 * - v1 knows `name`
 * - v2 writes both columns and reads `full_name`
 * - v3 knows `full_name` alone
 */
const QUERIES: Readonly<Record<string, UserQueries>> = {
  v1: {
    create: 'INSERT INTO users (name) VALUES ($1) RETURNING id',
    rename: 'UPDATE users SET name = $2 WHERE id = $1',
    find: 'SELECT id, name FROM users WHERE id = $1',
  },
  v2: {
    create: 'INSERT INTO users (name, full_name) VALUES ($1, $1) RETURNING id',
    rename: 'UPDATE users SET name = $2, full_name = $2 WHERE id = $1',
    find: 'SELECT id, full_name AS name FROM users WHERE id = $1',
  },
  v3: {
    create: 'INSERT INTO users (full_name) VALUES ($1) RETURNING id',
    rename: 'UPDATE users SET full_name = $2 WHERE id = $1',
    find: 'SELECT id, full_name AS name FROM users WHERE id = $1',
  },
}

/** One user, as the service answers. */
export interface User {
  readonly id: string
  readonly name: string
}

/** The users, as one release sees them. */
export interface Users {
  create(name: string): Promise<User | undefined>
  rename(id: string, name: string): Promise<User | undefined>
  find(id: string): Promise<User | undefined>
}

/** @throws Error for a release that nobody wrote */
export function usersOf(release: string, pool: Pool): Users {
  const queries = QUERIES[release]
  if (!queries)
    throw new Error(`There is no release ${release}: start ${Object.keys(QUERIES).join(', ')}.`)
  const find = async (id: string): Promise<User | undefined> => {
    // Named: the server keeps the statement prepared, and a migration must not change what comes back under it.
    const { rows } = await pool.query<User>({ name: 'find-user', text: queries.find, values: [id] })
    return rows[0]
  }
  return {
    find,
    async create(name) {
      const { rows } = await pool.query<Pick<User, 'id'>>(queries.create, [name])
      return rows[0] && find(rows[0].id)
    },
    async rename(id, name) {
      await pool.query(queries.rename, [id, name])
      return find(id)
    },
  }
}
