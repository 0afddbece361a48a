import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadCatalog } from '../../src/catalog/create-catalog.ts'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { catalogPicture } from './catalog-picture.ts'

/** What the database held that pg_dump 15 wrote the fixture of, on top of the baseline. */
const MORE = `
  create table ser(id serial primary key, g int generated always as (id) stored);
  alter table events add primary key (id, at); create index on events(kind);
  alter table orders add constraint nv check (note is not null) not valid;
  create function f() returns int language sql stable as $$ select 1 $$;
  create trigger tr before update on users for each row execute function suppress_redundant_updates_trigger();
  create table "Kids"() inherits (ser);`

async function fixture(path: string): Promise<string> {
  return readFile(new URL(path, import.meta.url), 'utf8')
}

describe('A catalog that is loaded', () => {
  beforeAll(loadParser)

  it('is the same from a dump as from what made the database', async () => {
    const dumped = loadCatalog(await fixture('fixtures/dump.pg.sql'))
    const made = loadCatalog((await fixture('../cases/baseline.pg.sql')) + MORE)
    const picture = (catalog: typeof made): readonly string[] =>
      catalogPicture(catalog, ['public.order_state', 'public.short_text'], ['public.f'])
    expect(picture(dumped).filter(isLasting)).toEqual(picture(made).filter(isLasting))
    expect(picture(made).length).toBeGreaterThan(100)
  })

  it('begins with a session of its own, whatever the dump has set', async () => {
    const catalog = loadCatalog(await fixture('fixtures/dump.pg.sql'))
    expect(catalog.searchPath).toEqual(['public'])
    expect(catalog.relation({ name: 'users' })?.schema).toBe('public')
  })

  it('is refused with the place where it cannot be read', () => {
    expect(() => loadCatalog('create table a(i int);\n  create tabel b(i int);')).toThrow(
      expect.objectContaining({
        code: 'CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED',
        message: expect.stringContaining('line 2, column 10') as unknown,
      }),
    )
  })
})

/** Before 18 a dump does not name constraints that say NOT NULL. */
function isLasting(fact: string): boolean {
  return !/^constraint \S+_not_null on /.test(fact)
}
