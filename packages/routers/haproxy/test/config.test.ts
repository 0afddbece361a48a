import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { haproxyConfig } from '@changeover/router-haproxy'
import { renderService } from '../src/config.ts'
import { encodeName } from '../src/name-code.ts'
import { encodeText } from '../src/route-text.ts'
import { haproxy } from './haproxy.ts'
import { anyName, anyText, settings } from './route-table-maker.ts'

const run = promisify(execFile)

test('whatever the names of a table are, they add the servers that they stand for and nothing else', () => {
  const service = settings()
  const without = renderService(service).split('\n')
  fc.assert(
    fc.property(anyText, fc.uniqueArray(anyName, { maxLength: 3 }), (text, ids) => {
      const servers = ids.map((id) => ({ name: encodeName(id), address: '10.0.0.1:80' }))
      const raw = encodeText({ ...text, claims: [] }, service)
      const lines = renderService(service, { raw, slots: new Map([[3, servers]]) }).split('\n')
      const added = lines.filter((line) => !without.includes(line))
      expect(added).toHaveLength(1 + ids.length)
      expect(added[0]).toMatch(/^ {2}set-var proc\.changeover_shop str\([A-Za-z0-9:/~+\-_.*]+\)$/)
      for (const line of added.slice(1))
        expect(line).toMatch(/^ {2}server [A-Za-z0-9_.]+ 10\.0\.0\.1:80$/)
      expect(lines).toHaveLength(without.length + added.length)
    }),
  )
})

describe.skipIf(!haproxy)('HAProxy itself', () => {
  test('accepts the configuration of any service, with any table in force', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'changeover-haproxy-'))
    try {
      await fc.assert(
        fc.asyncProperty(anyText, anyName, async (text, name) => {
          fc.pre(name.length > 0)
          const service = { ...settings({ trustForwarded: true, rules: 1 }), name: `s${name}` }
          const raw = encodeText({ ...text, claims: [] }, service)
          const file = join(directory, 'shop.cfg')
          const slots = new Map([[1, [{ name: encodeName(name), address: '[::1]:80' }]]])
          await writeFile(file, renderService(service, { raw, slots }))
          await run(haproxy!, ['-c', '-f', file])
        }),
        { numRuns: 8 },
      )
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test('accepts the smallest and the largest configuration', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'changeover-haproxy-'))
    const file = join(directory, 'shops.cfg')
    const many = Array.from({ length: 16 }, (_, i) => `x-mark-${i}`)
    const bounds = Array.from({ length: 16 }, (_, i) => 100 * (i + 1))
    const config = haproxyConfig({
      services: {
        small: { bind: '127.0.0.1:8080', releases: 1, rules: 0, slowBounds: [] },
        large: {
          bind: ['127.0.0.1:8081', '[::1]:8081'],
          headers: many,
          cookies: many,
          releases: 16,
          rules: 16,
          slowBounds: bounds,
          lines: ['option dontlognull'],
          timeouts: { connect: '1s', client: 5_000 },
        },
      },
    })
    try {
      await writeFile(file, config)
      const { stderr } = await run(haproxy!, ['-c', '-f', file])
      expect(stderr).not.toMatch(/WARNING|ALERT/)
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
