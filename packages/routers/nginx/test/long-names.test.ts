import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nginxConfig, type RouterMode } from '@changeover/router-nginx'
import { describe, expect, it } from 'vitest'
import { findNginx } from '../../../../test/routers/nginx.ts'

const programs = await findNginx()

/** Why nginx, with its default limits, refuses the file of a service; empty where it takes it. */
function complaintAbout(mode: RouterMode, service: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-names-'))
  const [v1, v2] = mode === 'file' ? [10_000, 0] : [9_000, 1_000]
  const pools = [
    { release: 'v1', weight: v1, instances: [{ id: 'a', address: '127.0.0.1:3001' }] },
    { release: 'v2', weight: v2, instances: [{ id: 'b', address: '127.0.0.1:3002' }] },
  ]
  const rules = Array.from({ length: 12 }, (_, i) => {
    return { release: 'v2', cookie: 'preview', value: `${i}` }
  })
  const affinity =
    mode === 'file' ? {} : { affinity: { release: 'v2', salt: 's', cookie: 'user-id' } }
  const { text } = nginxConfig({
    mode,
    directory,
    control: '127.0.0.1:9180',
    upstream: { idleConnections: 4, idleMs: 4_000 },
    token: 'secret',
    table: { service, revision: 1, fence: 1, pools, rules, ...affinity },
  })
  const modules = mode === 'lua' ? (programs?.modules ?? []) : []
  const main = join(directory, 'nginx.conf')
  writeFileSync(join(directory, 'own.conf'), text)
  writeFileSync(
    main,
    `${modules.map((file) => `load_module ${file};`).join('\n')}
    pid ${directory}/pid;
    error_log ${directory}/log;
    events {}
    http { include ${directory}/own.conf; }`,
  )
  const args = ['-t', '-q', '-c', main, '-e', 'stderr']
  const { stderr, status } = spawnSync(programs?.command ?? '', args, { encoding: 'utf8' })
  rmSync(directory, { recursive: true })
  return status === 0 ? '' : stderr
}

describe.skipIf(!programs)('nginx takes the file of a service whatever its name', () => {
  for (const mode of ['reload', 'file', 'lua'] as const)
    it.each(['checkout-service', `a${'b-'.repeat(20)}`])(`in mode ${mode}: %s`, (service) => {
      expect(complaintAbout(mode, service)).toBe('')
    })
})
