import { rolling } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startRequestOf } from '../../src/agent/release-of.ts'
import type { AgentService } from '../../src/config/agent-config.ts'
import { fill, placeholdersIn } from '../../src/config/placeholders.ts'

const SERVICE: AgentService = {
  name: 'shop',
  command: [
    'node',
    '/srv/{version}/{release}.js',
    '--color={set.color}',
    '{"a":{"b":1}}',
    '{{version}}',
  ],
  cwd: '/srv/{set.color}',
  env: { VERSION: '{version}' },
  inherit: ['TOKEN'],
  replicas: 3,
  listen: undefined,
  readiness: { path: '/up' },
  strategy: rolling(),
  migrations: undefined,
  fourEyes: false,
  router: {},
}

describe('What is deployed', () => {
  it('is the service with its placeholders filled in', () => {
    const request = {
      id: 'c1',
      version: '2.0.0',
      release: 'r7',
      set: { color: 'red' },
      supersede: true,
    }
    expect(startRequestOf(SERVICE, request, 'ann')).toEqual({
      service: 'shop',
      release: {
        id: 'r7',
        version: '2.0.0',
        spec: {
          command: ['node', '/srv/2.0.0/r7.js', '--color=red', '{"a":{"b":1}}', '{version}'],
          cwd: '/srv/red',
          env: { VERSION: '2.0.0' },
          inherit: ['TOKEN'],
        },
        readiness: { path: '/up' },
      },
      replicas: 3,
      strategy: SERVICE.strategy,
      by: 'ann',
      supersede: true,
    })
  })

  it('is named by its version, and brings its schema changes', () => {
    const migrations = {
      directory: 'm',
      database: 'DB',
      phases: ['expand', 'contract'],
      contracts: undefined,
    } as const
    const service = { ...SERVICE, migrations }
    const { release, migrate } = startRequestOf(
      service,
      { id: 'c', version: '3.0', set: { color: 'red' } },
      'ann',
    )
    expect(release.id).toBe('3.0')
    expect(migrate).toEqual(['expand', 'contract'])
  })

  it.each<[string, string, Record<string, string>]>([
    ['a value is missing', '1.0', {}],
    ['a value is for nothing', '1.0', { color: 'red', colour: 'red' }],
    ['a value leads out of its place', '1.0', { color: '../../etc' }],
    ['a value holds a line break', '1.0', { color: 'a\nb' }],
    ['the version leads out of its place', '../1.0', { color: 'red' }],
    ['a name is one that every object has', '1.0', { color: 'red', constructor: 'x' }],
  ])('is refused where %s', (_, version, set) => {
    expect(() => startRequestOf(SERVICE, { id: 'c', version, set }, 'ann')).toThrow(
      expect.objectContaining({ code: 'CHANGEOVER_AGENT_SET_INVALID' }),
    )
  })
})

describe('A text with placeholders', () => {
  it('that has none is left as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(placeholdersIn(text).length === 0 && !/\{\{/.test(text))
        expect(fill(text, { version: '1', release: '2', set: {} })).toBe(text)
      }),
    )
  })

  it('is filled once: what a value holds is not filled again', () => {
    const fillings = { version: '{release}', release: 'r', set: { a: '{version}' } }
    expect(fill('{version} {set.a} {set.constructor}', fillings)).toBe(
      '{release} {version} {set.constructor}',
    )
  })
})
