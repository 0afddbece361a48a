import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/commands/command-table.ts'
import { completionsOf } from '../../src/commands/completions.ts'

const of = (...line: string[]) => completionsOf(line, COMMANDS)
const wordsOf = (...line: string[]) => of(...line).words.map(([word]) => word)

describe('What may come next', () => {
  it('is a command, and the second word of those that have two', () => {
    expect(wordsOf('')).toEqual(expect.arrayContaining(['deploy', 'status', 'token', 'migrations']))
    expect(wordsOf('')).not.toContain('complete')
    expect(wordsOf('re')).toEqual(['reject', 'resume', 'reload'])
    expect(wordsOf('token', '')).toEqual(['create', 'list', 'revoke'])
    expect(wordsOf('nonsense', '')).toEqual([])
  })

  it('is an option of the command', () => {
    expect(wordsOf('rollback', 'shop', '--')).toEqual(
      expect.arrayContaining(['--to', '--yes', '--json', '--url']),
    )
    expect(wordsOf('explain', '--')).toEqual(['--json'])
  })

  it('is a name that the agent knows, by its place', () => {
    expect(of('deploy', '').names).toBe('services')
    expect(of('deploy', 'shop', '').names).toBeUndefined()
    expect(of('logs', '-n', '5', 'shop', '')).toMatchObject({ names: 'instances', service: 'shop' })
    expect(of('approve', '').names).toBe('rollouts')
    expect(of('migrations', 'check', 'a.sql', 'b').names).toBe('files')
  })

  it('is the value of the option before it', () => {
    expect(of('token', 'create', 'ann', '--role', 'ap').names).toBe('roles')
    // bash parts words at the sign.
    expect(of('token', 'create', 'ann', '--role', '=').names).toBe('roles')
    expect(of('token', 'create', 'ann', '--role', '=', 'v')).toMatchObject({
      names: 'roles',
      typed: 'v',
    })
  })

  it('is asked of the agent that the line names', () => {
    expect(of('status', '--directory', '/srv/a', '').connection).toEqual({ directory: '/srv/a' })
  })
})

const shells = ['bash', 'zsh', 'fish'].filter((shell) => {
  try {
    execFileSync(shell, ['-c', 'exit 0'])
    return true
  } catch {
    return false
  }
})

describe('The completion scripts', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'completion-'))
    symlinkSync(
      fileURLToPath(new URL('../../bin/changeover.js', import.meta.url)),
      join(folder, 'changeover'),
    )
    writeFileSync(join(folder, 'a.sql'), '')
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = async (shell: string, script: string): Promise<string> => {
    const PATH = [folder, process.env['PATH']].join(delimiter)
    const { stdout } = await promisify(execFile)(shell, ['-c', script], {
      cwd: folder,
      env: { PATH, HOME: folder, CHANGEOVER_DIRECTORY: folder },
    })
    return stdout
  }

  it.each(shells)('are read by a real %s without a word', async (shell) => {
    const setUp = shell === 'zsh' ? 'autoload -Uz compinit; compinit -D; ' : ''
    const source =
      shell === 'fish'
        ? 'changeover completion fish | source'
        : `source <(changeover completion ${shell})`
    expect(await run(shell, setUp + source)).toBe('')
  })

  it('complete commands, options, names and files in a real bash', async () => {
    const type = (...words: string[]) =>
      run(
        'bash',
        `source <(changeover completion bash)
         COMP_WORDS=(changeover ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
         _changeover; printf '%s\\n' "\${COMPREPLY[@]}"`,
      )
    expect(await type('rol')).toBe('rollback\n')
    expect(await type('token', 'create', 'ann', '--role', 'op')).toBe('operator\n')
    expect(await type('explain', 'CHANGEOVER_NOT_R')).toBe('CHANGEOVER_NOT_READY\n')
    expect(await type('migrations', 'check', 'a')).toBe('a.sql\n')
    // There is no agent: whoever types is not disturbed.
    expect(await type('deploy', '')).toBe('\n')
  })
})
