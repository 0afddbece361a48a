import { type RouteTable } from '@changeover/engine'
import { nginxConfig, nginxLocation, type RouterMode } from '@changeover/router-nginx'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inForce } from '../src/in-force.ts'
import { luaTable, parseLuaTable } from '../src/lua-table.ts'
import { nextStep } from '../src/next-step.ts'
import { ownFile, parseOwnFile } from '../src/own-file.ts'

const MODES: readonly RouterMode[] = ['reload', 'file', 'lua']
const settings = {
  directory: '/var/lib/changeover',
  control: '127.0.0.1:9180',
  upstream: { idleConnections: 64, idleMs: 4_000 },
}

function table(
  weights: Readonly<Record<string, number>>,
  extras: Partial<RouteTable> = {},
): RouteTable {
  const pools = Object.entries(weights).map(([release, weight], i) => {
    return {
      release,
      weight,
      instances: [{ id: `${release}-1`, address: `127.0.0.1:${3_000 + i}` }],
    }
  })
  return { service: 'shop', revision: 5, fence: 2, pools, ...extras }
}

function config(mode: RouterMode, routes: RouteTable): string {
  return nginxConfig({ ...settings, mode, table: routes, token: 'secret' }).text
}

/** Configuration without comments: what nginx reads. */
function directives(text: string): string {
  return text.replaceAll(/^#.*\n/gm, '')
}

describe('a configuration', () => {
  it('gives the canary its share first, and the rest to everybody else', () => {
    const text = config('reload', table({ v2: 1, v1: 9_999 }))
    expect(text).toMatch(/split_clients \$request_id \S+ \{\n {2}\d/)
    expect(text).toContain('* changeover_shop_')
  })

  it('leaves out a release without weight, since nginx refuses 0%', () => {
    expect(config('reload', table({ v1: 10_000, v2: 0 }))).not.toMatch(/[^\d]0(\.0+)?%/)
  })

  it('never lets one failure take a server out of its upstream', () => {
    for (const mode of ['reload', 'file'] as const)
      for (const line of config(mode, table({ v1: 10_000, v2: 0 })).matchAll(/^ {2}server .*;$/gm))
        expect(line[0]).toContain('max_fails=0')
  })

  it('never has a request sent again that may do harm when done twice', () => {
    for (const mode of MODES) {
      const request = { ...settings, mode, table: table({ v1: 10_000 }), token: 'secret' }
      expect(nginxLocation(request)).not.toContain('non_idempotent')
    }
  })

  it('is the same one for the same table, and another one each time where nginx is to be seen to read it', () => {
    const request = { ...settings, mode: 'reload' as const, table: table({ v1: 10_000 }) }
    expect(nginxConfig(request)).toEqual(nginxConfig(structuredClone(request)))
    expect(nginxConfig({ ...request, nonce: 'a' }).digest).not.toBe(
      nginxConfig({ ...request, nonce: 'b' }).digest,
    )
  })

  it('has no line or word in its head that nginx would be too short for', () => {
    const long = table({ v1: 10_000 })
    const instances = Array.from({ length: 500 }, (_, i) => ({
      id: `i${i}`,
      address: `127.0.0.1:${1_000 + i}`,
    }))
    const text = config('reload', {
      ...long,
      pools: [{ release: 'v1', weight: 10_000, instances }],
    })
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(4_096)
    expect(parseOwnFile(text)?.head.table.pools[0]?.instances).toHaveLength(500)
  })
})

describe('whatever texts a table holds', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '";\n}\nserver { listen 1; }\n#',
      "'; return 200 'x",
      '$http_cookie',
      '${x}',
      '\\',
      '\n',
      '\0',
      ']]',
      '\u2028end',
    ),
  )
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/)
  const routes = fc
    .record({
      releases: fc.uniqueArray(text, { minLength: 2, maxLength: 2 }),
      id: text,
      value: text,
      salt: text,
      cookie: token,
    })
    .map(({ releases: [a = 'a', b = 'b'], id, value, salt, cookie }): RouteTable => {
      const pool = (release: string, weight: number, port: number) => {
        return {
          release,
          weight,
          instances: [{ id: `${id}${port}`, address: `127.0.0.1:${port}` }],
        }
      }
      return {
        service: 'shop',
        revision: 1,
        fence: 1,
        pools: [pool(a, 10_000, 1), pool(b, 0, 2)],
        rules: [
          { release: b, cookie, value },
          { release: b, header: 'x-mark', value },
        ],
        affinity: { release: a, salt, cookie },
      }
    })

  it('nginx reads the same words for them, but for names made of letters and digits', () => {
    const shape = (mode: RouterMode, of: RouteTable): string =>
      directives(config(mode, of))
        .replaceAll(/"~[^"]*"/g, 'PATTERN')
        .replaceAll(/[0-9a-f]{12,}/g, 'HASH')
    const plain = table({ v1: 10_000, v2: 0 })
    fc.assert(
      fc.property(routes, (any) => {
        for (const mode of ['reload', 'file'] as const) {
          const rules = [
            { release: 'v2', cookie: 'c', value: 'x' },
            { release: 'v2', header: 'x-mark', value: 'x' },
          ]
          const affinity = { release: 'v1', salt: 's', cookie: 'c' }
          const pools = plain.pools.map((pool, i) => ({
            ...pool,
            instances: pool.instances.map((one) => ({ ...one, address: `127.0.0.1:${i + 1}` })),
          }))
          const simple = { ...plain, revision: 1, fence: 1, pools, rules, affinity }
          expect(shape(mode, any)).toBe(shape(mode, simple))
        }
      }),
    )
  })

  it('a pattern holds nothing but letters, digits and escapes', () => {
    fc.assert(
      fc.property(routes, (any) => {
        for (const [, pattern = ''] of directives(config('reload', any)).matchAll(
          /"~\^=?([^"]*)\\z"/g,
        ))
          expect(pattern).toMatch(/^(?:[0-9A-Za-z]|\\x[0-9a-f]{2})*$/)
      }),
    )
  })

  it('they come back from the file and from Lua as they were', () => {
    fc.assert(
      fc.property(routes, (any) => {
        expect(parseOwnFile(config('reload', any))).toMatchObject({
          sealed: true,
          head: { table: any },
        })
        const lines = luaTable(any, new Map())
        expect(parseLuaTable(lines)).toEqual(any)
        expect(lines.split('\n')).toHaveLength(12)
        // eslint-disable-next-line no-control-regex
        expect(lines).toMatch(/^[\n -~]*$/)
      }),
    )
  })
})

describe('a file of ours', () => {
  const head = { service: 'shop', mode: 'reload', digest: 'd', table: table({ v1: 10_000 }) }
  const text = ownFile(head, 'body;')

  it('is known to be as it was written', () => {
    expect(parseOwnFile(text)).toEqual({ head, sealed: true })
  })

  it('is known to have been changed, wherever that was', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), (at) => {
        const other = text[at] === 'x' ? 'y' : 'x'
        const changed = text.slice(0, at) + other + text.slice(at + 1)
        expect(parseOwnFile(changed)?.sealed ?? false).toBe(false)
      }),
    )
    expect(parseOwnFile(`${text}# by hand\n`)?.sealed).toBe(false)
  })

  it('is nothing at all where its head is gone', () => {
    expect(parseOwnFile('server { }')).toBeUndefined()
    expect(parseOwnFile('#@ {"digest":"d","table":{"pools":[{}]}}')).toBeUndefined()
  })
})

describe('what there is to do', () => {
  const found = (mode: RouterMode, routes: RouteTable) => {
    const { text, digest } = nginxConfig({ ...settings, mode, table: routes })
    const marker = {
      digest,
      revision: routes.revision,
      fence: routes.fence,
      worker: 1,
      switched: false,
      version: '1.22.1',
    }
    const flag = mode === 'file' ? { table: routes, switched: false } : undefined
    return { file: parseOwnFile(text), previous: undefined, marker, flag }
  }
  const now = table({ v1: 10_000, v2: 0 })
  const next = (
    weights: Readonly<Record<string, number>>,
    extras: Partial<RouteTable> = {},
  ): RouteTable => table(weights, { revision: 6, ...extras })

  it('is nothing for the table in force', () => {
    for (const mode of ['reload', 'file'] as const)
      expect(nextStep(mode, found(mode, now), structuredClone(now))).toEqual({ step: 'nothing' })
  })

  it('is a flip between two releases that are both there', () => {
    expect(nextStep('file', found('file', now), next({ v1: 0, v2: 10_000 }))).toEqual({
      step: 'flip',
      switched: true,
    })
    expect(nextStep('reload', found('reload', now), next({ v1: 0, v2: 10_000 }))).toEqual({
      step: 'reload',
    })
  })

  it('is a reload where an adapter died before it could have nginx reload, and until then the table before is in force', () => {
    const { marker, file: previous } = found('reload', now)
    const newer = next({ v2: 10_000 })
    const half = { file: found('reload', newer).file, previous, marker }
    expect(inForce(half)).toEqual({
      table: now,
      drift: [expect.stringContaining('revision 6 is on disk')],
    })
    expect(nextStep('reload', half, newer)).toEqual({ step: 'reload' })
    expect(nextStep('reload', half, now)).toMatchObject({ step: 'refuse' })
  })

  it('is a reload for another release, another instance or another rule', () => {
    const rules = [{ release: 'v2', header: 'x-preview' }]
    for (const other of [
      next({ v1: 0, v3: 10_000 }),
      next({ v2: 10_000, v1: 0 }),
      next({ v1: 0, v2: 10_000 }, { rules }),
    ])
      expect(nextStep('file', found('file', now), other)).toEqual({ step: 'reload' })
  })

  it('is a reload where somebody changed a file, and a refusal of what is older even then', () => {
    const clean = found('reload', now)
    const changed = { ...clean, file: clean.file && { ...clean.file, sealed: false } }
    expect(inForce(changed).table).toBeUndefined()
    expect(nextStep('reload', changed, structuredClone(now))).toEqual({ step: 'reload' })
    expect(nextStep('reload', changed, { ...next({ v1: 10_000 }), fence: 1 })).toMatchObject({
      step: 'refuse',
    })
  })

  it('is a refusal of what is older than nginx itself says, though the file is gone', () => {
    const lost = { ...found('reload', now), file: undefined }
    expect(nextStep('reload', lost, { ...now, revision: 4 })).toMatchObject({ step: 'refuse' })
    expect(nextStep('reload', lost, next({ v1: 10_000 }))).toEqual({ step: 'reload' })
  })
})
