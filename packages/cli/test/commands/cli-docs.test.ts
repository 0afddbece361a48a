import { describe, expect, it } from 'vitest'
import { EXIT, EXIT_MEANINGS } from '../../src/client/exit-code.ts'
import { JSON_KINDS } from '../../src/commands/json-kinds.ts'
import { COMMANDS } from '../../src/commands/command-table.ts'
import { DOCUMENTS } from './json-documents.ts'
import { renderCliDocs } from './render-cli-docs.ts'
import { runInside } from './run-command.ts'

describe('The reference of the command line', () => {
  it('is what the table of commands says (vitest --update writes it)', async () => {
    await expect(renderCliDocs()).toMatchFileSnapshot('../../../../docs/cli.md')
  })

  it('has every exit code, once', () => {
    const codes = EXIT_MEANINGS.map(([code]) => code)
    expect(codes).toEqual(Object.values(EXIT))
  })

  it('has every kind of document, each printed by some command and checked by a schema', () => {
    const printed = new Set(COMMANDS.flatMap(({ kinds }) => kinds))
    expect([...printed, 'error'].toSorted()).toEqual(Object.keys(JSON_KINDS).toSorted())
    expect(Object.keys(DOCUMENTS).toSorted()).toEqual(Object.keys(JSON_KINDS).toSorted())
  })
})

describe('Every command', () => {
  it.each(COMMANDS.map((spec) => [spec.name, spec] as const))(
    '%s can be loaded, and has its help',
    async (name, spec) => {
      expect(await spec.load()).toBeTypeOf('function')
      const { code, stdout, stderr } = await runInside([...name.split(' '), '--help'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain(spec.summary)
      expect(stdout.includes('--json')).toBe(spec.kinds.length > 0)
    },
  )
})
