/** One instance of the service. It is told by its environment where to listen, which release it is and where the database is. */
import { createLifecycle } from '@changeover/lifecycle'
import { schemaFloorCheck } from '@changeover/migrations'
import pg from 'pg'
import { userServer } from './user-server.ts'
import { usersOf } from './users.ts'

const { PORT, HOST, CHANGEOVER_RELEASE: release = 'v1' } = process.env

// The name of the session tells the guard which releases are connected, whatever anybody else believes.
const pool = new pg.Pool({ application_name: `users@${release}`, max: 4 })
// An idle connection that breaks is replaced at the next query.
pool.on('error', () => {})

const lifecycle = createLifecycle({
  name: 'users',
  version: release,
  // No notice: whoever stops this instance has taken it out of the router before.
  drain: { notice: 0 },
  checks: {
    // Below the floor this instance never gets ready, and the engine never gives it any traffic.
    schema: schemaFloorCheck({ database: pool, service: 'users', release }),
    database: { run: () => pool.query('SELECT 1') },
  },
})
lifecycle.onStop('database', () => pool.end())

const server = userServer(usersOf(release, pool), release, lifecycle.handler)
lifecycle.attach(server)
server.listen(Number(PORT), HOST, () => lifecycle.ready())
