import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ROLE_FOR, ROLES } from '../../src/access/roles.ts'

const page = readFileSync(new URL('../../../../docs/console-security.md', import.meta.url), 'utf8')

describe('The page about security', () => {
  it('gives each role what the code gives it', () => {
    const told = ROLES.map((role) => {
      const row = new RegExp(`^\\| ${role} +\\| (.*?) +\\|$`, 'm').exec(page)?.[1] ?? ''
      // What depends on the rollout is in words.
      const words = row.replace(/;.*$/, '').split(', ')
      return [role, words.toSorted()]
    })
    const coded = ROLES.map((role) => {
      const actions = Object.entries(ROLE_FOR).filter(([, needed]) => needed === role)
      return [role, actions.map(([action]) => action).toSorted()]
    })
    expect(told).toEqual(coded)
  })

  it('names tests that there are', () => {
    const named = [...page.matchAll(/([\w/-]+): "([^"]+)"/g)].filter(([, file]) => file !== 'js')
    expect(named.length).toBeGreaterThan(10)
    const folder = new URL('../', import.meta.url)
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    for (const [, file, name] of named) {
      expect(files).toContain(`${file}.test.ts`)
      const text = readFileSync(new URL(`${file}.test.ts`, folder), 'utf8')
      expect(text).toContain(name)
    }
  })
})
