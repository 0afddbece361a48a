import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Database, startDatabase } from '@changeover/example-expand-contract/database'
import { loadContract, recordContract } from '@changeover/migrations'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ordersOf } from '../src/orders.ts'

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

let server: Database
let pool: pg.Pool
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'contracts-'))
  server = await startDatabase()
  pool = new pg.Pool({ host: server.host, user: server.user, database: server.database }).on(
    'error',
    () => {},
  )
  for (const file of ['000_orders.sql', '001_add_comment.sql'])
    await pool.query(await readFile(here(`migrations/${file}`), 'utf8'))
})
afterAll(async () => {
  await pool.end()
  await server.close()
  await rm(directory, { recursive: true })
})

describe.each(['1.0.0', '2.0.0', '3.0.0', '4.0.0', '5.0.0', '6.0.0'])(
  'The contract of %s',
  (release) => {
    it('is what the release runs', async () => {
      const recorder = recordContract(pool, { release })
      const orders = ordersOf(release, pool)
      await orders.add('an order')
      expect(await orders.count()).toBeGreaterThan(0)
      const reviewed = here(`contracts/${release}.json`)
      // RECORD=1 writes the contract anew, to be reviewed with the change that it comes from.
      const file = process.env['RECORD'] === '1' ? reviewed : join(directory, `${release}.json`)
      await recorder.save(file)
      recorder.close()
      expect(await loadContract(file)).toEqual(await loadContract(reviewed))
    })
  },
)
