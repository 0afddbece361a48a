import { postgresStore } from '@changeover/store-postgres'
import { storeConformance } from '@changeover/testing'
import { takeoverTest } from './takeover.ts'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type Reach, serverKinds, type TestServer } from './servers.ts'

describe.each(await serverKinds())('A store in $name', ({ start }) => {
  let server: TestServer
  let connection: Reach

  beforeAll(async () => {
    server = await start()
    connection = await server.database()
  }, 60_000)
  afterAll(() => server.close())

  takeoverTest(() => server)

  storeConformance({
    test,
    create: async () => {
      const tables = ['rollouts', 'entries', 'leases', 'commands']
      const names = tables.map((name) => `changeover.${name}`).join(', ')
      await server.query(connection, `truncate ${names}`)
      const store = postgresStore({ connection })
      let reopened = store
      return {
        store,
        reopen: async () => {
          await store.close()
          reopened = postgresStore({ connection })
          return reopened
        },
        close: async () => {
          await store.close()
          await reopened.close()
        },
      }
    },
  })
})
