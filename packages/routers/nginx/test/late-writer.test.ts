import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RouteTable } from '@changeover/engine'
import { expect, it, onTestFinished } from 'vitest'
import { findNginx, nginxUnderTest } from '../../../../test/routers/nginx.ts'
import { confDriver } from '../src/conf-driver.ts'
import { controlClient } from '../src/control-client.ts'
import { type DriverParts, driverParts } from '../src/driver-parts.ts'
import type { LuaControl } from '../src/lua-control.ts'
import { putLuaTable } from '../src/lua-put.ts'
import { luaTable } from '../src/lua-table.ts'
import { parseOptions } from '../src/options.ts'
import { pathsOf } from '../src/service-files.ts'

function table(revision: number, fence: number): RouteTable {
  const instances = [{ id: `v${revision}-1`, address: '127.0.0.1:3000' }]
  const pools = [{ release: `v${revision}`, weight: 10_000, instances }]
  return { service: 'shop', revision, fence, pools }
}

it('a writer that wakes up after a newer one leaves no older table for nginx to restart with', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-late-'))
  const [first, late, newer] = [table(1, 1), table(2, 1), table(3, 2)].map((one) =>
    luaTable(one, new Map()),
  ) as [string, string, string]
  const paths = pathsOf(directory, 'shop')
  writeFileSync(paths.table, first)
  let live = first
  const control = {
    tryTable: async () => live,
    put: async () => ({ status: 409, body: 'fence 1 is older than 2', sent: true }),
  } as unknown as LuaControl
  const settings = parseOptions({
    mode: 'lua',
    directory,
    services: { shop: {} },
    control: { port: 9_180 },
  })
  const parts = { service: 'shop', settings, paths } as DriverParts
  // It was asked for the lock, and slept while another took that over and wrote.
  const held = async (): Promise<boolean> => {
    live = newer
    writeFileSync(paths.table, newer)
    return true
  }
  const answer = await putLuaTable(parts, control, { table: table(2, 1), held })
  expect(answer.outcome).not.toBe('applied')
  expect(readFileSync(paths.table, 'utf8')).toBe(newer)
  expect(readFileSync(paths.table, 'utf8')).not.toBe(late)
  rmSync(directory, { recursive: true })
})

const programs = await findNginx()

it.skipIf(!programs)(
  'a writer that loses the lock while nginx tests its file reloads nothing, and says that it does not know',
  async () => {
    const nginx = await nginxUnderTest({ mode: 'reload', programs: programs! })
    onTestFinished(nginx.close)
    const first = await nginx.router.apply(table(1, 1))
    // A reload takes effect a moment after it was asked for.
    await nginx.router.converge(first, { deadline: 10_000 })
    const settings = parseOptions(nginx.options)
    const parts = driverParts('shop', settings, controlClient(settings.control))
    let asked = 0
    const held = async (): Promise<boolean> => {
      asked += 1
      return asked === 1
    }
    const receipt = await confDriver(parts).apply(table(2, 1), held)
    expect(receipt).toMatchObject({ outcome: 'indeterminate' })
    expect((await nginx.router.observe('shop')).table?.revision).toBe(1)
    // Whoever has the lock now is not stopped by what is left.
    expect(await nginx.router.apply(table(3, 2))).toMatchObject({ outcome: 'applied' })
  },
)
