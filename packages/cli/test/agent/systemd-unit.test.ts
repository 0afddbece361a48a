import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { unitFile } from '../../src/agent/systemd-unit.ts'

const program = ['/usr/bin/node', '/usr/lib/node_modules/changeover/bin/changeover.js']
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

describe('The unit for systemd', () => {
  it('is this one', async () => {
    const text = unitFile({ config: '/etc/changeover/changeover.config.mjs', program })
    await expect(text).toMatchFileSnapshot('../fixtures/changeover.service')
  })

  it('quotes what systemd would read otherwise', () => {
    const text = unitFile({ config: '/srv/100 % "mine"/$HOME.mjs', program: ['/usr/bin/node'] })
    expect(text).toContain(
      'ExecStart=/usr/bin/node agent --config "/srv/100 %% \\"mine\\"/$$HOME.mjs" --directory /var/lib/changeover\n',
    )
  })

  it.skipIf(!hasSystemd)('is one that systemd understands', () => {
    const folder = mkdtempSync(join(tmpdir(), 'unit-'))
    try {
      const file = join(folder, 'changeover.service')
      writeFileSync(
        file,
        unitFile({ config: '/srv/100 % "mine"/c.mjs', user: 'root', program: [process.execPath] }),
      )
      const { stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
        encoding: 'utf8',
      })
      expect({
        status,
        of: stderr.split('\n').filter((line) => line.includes('changeover')),
      }).toEqual({ status: 0, of: [] })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
