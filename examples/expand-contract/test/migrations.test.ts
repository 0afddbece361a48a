import { readFile } from 'node:fs/promises'
import { type Migration, loadMigrations, type SchemaOracle } from '@changeover/migrations'
import { pgliteOracle } from '@changeover/migrations/pglite'
// oxlint-disable-next-line import/no-unassigned-import -- makes the matchers known
import '@changeover/migrations/vitest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contractOf, fileOf } from '../src/releases.ts'
import { BACKFILL } from '../src/rename.ts'

describe('The migrations of the rename', () => {
  let oracle: SchemaOracle
  let schema: string
  let expand: readonly Migration[]
  let tighten: readonly Migration[]
  let contract: readonly Migration[]

  beforeAll(async () => {
    oracle = await pgliteOracle()
    schema = await readFile(fileOf('schema.sql'), 'utf8')
    const all = await loadMigrations(fileOf('migrations'))
    expand = all.slice(0, 1)
    tighten = all.slice(1, 4)
    contract = all.slice(4)
  })
  afterAll(() => oracle.close())

  /** The schema, as it is behind these migrations. */
  const behind = (...migrations: readonly Migration[]): string =>
    [schema, ...migrations.map(({ sql }) => sql)].join('\n')
  const live = async (...releases: readonly string[]) =>
    Promise.all(releases.map(async (release) => ({ release, contract: await contractOf(release) })))

  /** Rows of an oracle are made up: here they are filled as the guard will have filled the real ones. */
  const filled: Migration = {
    id: BACKFILL.id,
    file: 'backfill.sql',
    sql: `-- changeover: ignore unbatched-backfill until 2100-01-01 because the guard does it in batches
      ${BACKFILL.whole}`,
  }

  it('are in the phases that their files say', async () => {
    await expect(expand).toMatchPhase('expand', { schema })
    await expect(tighten).toMatchPhase('tighten', { schema: behind(...expand) })
    await expect(contract).toMatchPhase('contract', { schema: behind(...expand, ...tighten) })
  })

  it('add the column while v1 runs', async () => {
    await expect(expand).toBeSafeToDeploy({ schema, oracle, live: await live('v1') })
  })

  it('require it while all three run: the trigger fills what v1 does not know of', async () => {
    const options = { schema: behind(...expand), oracle, live: await live('v1', 'v2', 'v3') }
    await expect([filled, ...tighten]).toBeSafeToDeploy(options)
    await expect([filled, ...tighten]).toHoldNoLockWhileScanning(options)
  })

  it('drop the old one while v3 runs alone', async () => {
    const options = { schema: behind(...expand, ...tighten), oracle }
    await expect(contract).toBeSafeToDeploy({ ...options, live: await live('v3') })
    await expect(contract).toKeepContract(await contractOf('v3'), options)
  })

  it.each(['v1', 'v2'])('do not drop it while %s may run', async (release) => {
    const options = {
      schema: behind(...expand, ...tighten),
      oracle,
      live: await live(release, 'v3'),
    }
    await expect(contract).not.toBeSafeToDeploy(options)
    await expect(expect(contract).toBeSafeToDeploy(options)).rejects.toThrow(
      `Release ${release} can no longer run one of its queries: column "name"`,
    )
  })
})
