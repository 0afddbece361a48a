import { execFile } from 'node:child_process'
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ERROR_CODES } from '../../src/error-codes.ts'
import { readDocument } from './json-documents.ts'
import { runCommand, runInside } from './run-command.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'commands-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('The command line', () => {
  it('prints its help with no command, and ends with 2', async () => {
    const { code, stdout, stderr } = await runInside([])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Usage: changeover')
  })

  it('prints its help and its version when asked, and ends with 0', async () => {
    expect(await runInside(['--help'])).toMatchObject({ code: 0, stderr: '' })
    expect(await runInside(['help', 'deploy'])).toMatchObject({ code: 0, stderr: '' })
    expect(await runInside(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' })
  })

  it.each([
    [['deply', 'shop'], 'Did you mean deploy?'],
    [['deploy', 'shop'], "Missing required argument 'VERSION'"],
    [['deploy', 'shop', '1', '2'], 'Too many arguments'],
    [['deploy', 'shop', '1', '--sett', 'a=b'], 'Did you mean --set?'],
    [['deploy', 'shop', '1', '--set', 'a'], 'Option --set takes name=value, not "a"'],
    [['status', '--timeout', 'soon'], 'Option --timeout takes seconds above 0'],
    [['history', 'shop', '--limit', '0'], 'whole number above 0'],
    [['token', 'create', 'ann', '--role', 'king'], 'viewer, approver, operator'],
    [['completion', 'tcsh'], 'bash, zsh and fish'],
    [['status', '--url', 'ftp://there'], 'neither http nor https'],
    [['status', '--url', 'https://ann:secret@there'], 'holds a password'],
    [['status', '--token-file', '/nowhere/token'], '/nowhere/token cannot be read'],
  ])('ends %j with 2, says why, and asks nobody', async (words, said) => {
    const { code, stdout, stderr } = await runInside(words, {
      env: { CHANGEOVER_DIRECTORY: folder },
    })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(said)
    expect(stderr).not.toContain('secret')
    const json = await runInside([...words, '--json'], { env: { CHANGEOVER_DIRECTORY: folder } })
    expect(readDocument('error', json.stdout).error.exitCode).toBe(2)
  })

  it('shows the words of whatever listens there, and lets them move nothing on the terminal', async () => {
    const evil = 'no\u001B]0;title\u0007\u001B[2J\u202E way\nsecond line'
    const answer = JSON.stringify({ error: { code: 'CHANGEOVER_\u001B[31m', message: evil } })
    const server = createServer((_, response) => response.writeHead(422).end(answer))
    await new Promise<void>((resolve) => server.listen(join(folder, 'agent.sock'), resolve))
    const { stderr } = await runInside(['status'], { env: { CHANGEOVER_DIRECTORY: folder } })
    expect(stderr).toContain('no?]0;title??[2J? way\nsecond line\n')
    expect(stderr).not.toMatch(/[^\P{C}\n]/u)
    await new Promise((resolve) => server.close(resolve))
  })

  it('makes no token as root that the agent of another user could not read', async () => {
    const directory = join(folder, 'of-another')
    mkdirSync(directory)
    if (process.getuid?.() === 0) chownSync(directory, 12_345, 12_345)
    const root = vi.spyOn(process, 'getuid').mockReturnValue(0)
    const words = ['token', 'create', 'ann', '--directory', directory]
    const { code, stdout, stderr } = await runInside(words).finally(() => root.mockRestore())
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/sudo -u '#\d+' changeover token/)
    expect(readdirSync(directory)).toEqual([])
  })

  it('sends a token to nobody without TLS but the same machine', async () => {
    const env = { CHANGEOVER_TOKEN: 'co_secret', CHANGEOVER_URL: 'http://deploys.example.com' }
    const { code, stderr } = await runInside(['status'], { env })
    expect(code).toBe(2)
    expect(stderr).toContain('CHANGEOVER_TOKEN_UNPROTECTED')
    expect(stderr).not.toContain('co_secret')
  })

  it('ends with 7 where there is no agent, and says how to start one', async () => {
    const { code, stderr } = await runCommand(['status', '--directory', folder])
    expect(code).toBe(7)
    expect(stderr).toContain(`No agent answers at ${join(folder, 'agent.sock')} (ENOENT)`)
    expect(stderr).toContain('changeover agent')
  })
})

describe('explain', () => {
  it('knows every code of the command line, however it is written', async () => {
    for (const code of Object.keys(ERROR_CODES)) {
      const { stdout } = await runInside(['explain', code, '--json'])
      expect(readDocument('explain', stdout)).toMatchObject({ code, package: 'changeover' })
    }
    const { stdout } = await runInside(['explain', 'not-ready'])
    expect(stdout).toContain('CHANGEOVER_NOT_READY (@changeover/engine)')
  })

  it('knows the codes of every package in docs/errors.md but the testing kit', async () => {
    const docs = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')
    const [before = '', after = ''] = docs.split('## @changeover/testing\n')
    const others = before + after.slice(after.indexOf('\n## '))
    const own = [...others.matchAll(/^### (CHANGEOVER_\w+)$/gm)].map(([, code]) => code!)
    expect(own.length).toBeGreaterThan(100)
    const unknown: string[] = []
    for (const code of own) if ((await runInside(['explain', code])).code !== 0) unknown.push(code)
    expect(unknown).toEqual([])
  })

  it('names the nearest codes where there is no such one, and says what exit codes mean', async () => {
    const { code, stderr } = await runInside(['explain', 'CHANGEOVER_NOT_REDY'])
    expect(code).toBe(3)
    expect(stderr).toMatch(/Did you mean CHANGEOVER_NOT_READY, /)
    expect((await runInside(['explain', '4'])).stdout).toContain('rolled back')
  })
})

describe('init', () => {
  it('writes a config that the agent takes, and never over one that is there', async () => {
    const file = join(folder, 'changeover.config.mjs')
    const written = await runInside(['init', '--config', file, '--json'])
    expect(readDocument('init', written.stdout)).toMatchObject({
      file,
      text: readFileSync(file, 'utf8'),
    })
    const { loadConfig } = await import('../../src/config/load-config.ts')
    expect([...(await loadConfig(file)).services.keys()]).toEqual(['shop'])
    writeFileSync(file, '// mine')
    const again = await runInside(['init', '--config', file])
    expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('is there already') })
    expect(readFileSync(file, 'utf8')).toBe('// mine')
  })

  it('prints the unit for systemd', async () => {
    const { code, stdout } = await runInside([
      'init',
      '--systemd',
      '--config',
      '/etc/changeover.config.mjs',
    ])
    expect(code).toBe(0)
    expect(stdout).toContain('[Service]')
    expect(stdout).toContain('/etc/changeover.config.mjs')
  })
})

describe('migrations check', () => {
  const check = (...words: string[]) => runInside(['migrations', 'check', ...words])

  it('ends with 0 for what is safe, and with 8 for what is not, in every format', async () => {
    const safe = join(folder, 'safe.sql')
    const unsafe = join(folder, 'unsafe.sql')
    writeFileSync(safe, 'CREATE TABLE new_orders (id bigint PRIMARY KEY);')
    writeFileSync(unsafe, 'ALTER TABLE users DROP COLUMN name;')
    expect(await check(safe)).toMatchObject({ code: 0 })
    const text = await check(unsafe, '--live', '1.0')
    expect(text.code).toBe(8)
    expect(text.stdout).toContain('drop-column')
    expect((await check(unsafe, '--format', 'github')).stdout).toMatch(/^::error /m)
    const { stdout } = await check(unsafe, '--format', 'sarif')
    expect(JSON.parse(stdout)).toMatchObject({ version: '2.1.0' })
    const { report } = readDocument('migrations', (await check(unsafe, '--json')).stdout)
    expect(report.verdict).not.toBe('safe')
  })

  it('names a file that is not there', async () => {
    const { code, stderr } = await check(join(folder, 'missing.sql'))
    expect(code).toBe(2)
    expect(stderr).toContain('missing.sql cannot be read')
  })
})

describe('status', () => {
  it('loads none of what is heavy, so that it answers at once', async () => {
    // Every module that is asked for has its address in one of these calls.
    const script = `
      import module from 'node:module'
      const asked = []
      module.register('data:text/javascript,' + encodeURIComponent(\`
        import { writeSync } from 'node:fs'
        export async function load(url, context, next) { writeSync(3, url + '\\\\n'); return next(url, context) }
      \`))
      process.argv.splice(1, 1, 'changeover', 'status', '--directory', ${JSON.stringify(folder)})
      await import(${JSON.stringify(new URL('../../dist/main.js', import.meta.url).href)})
    `
    const file = join(folder, 'loads.mjs')
    writeFileSync(file, script)
    const modules = join(folder, 'modules.txt')
    await promisify(execFile)('bash', [
      '-c',
      '"$0" "$1" 3>"$2"',
      process.execPath,
      file,
      modules,
    ]).catch(() => undefined)
    const urls = readFileSync(modules, 'utf8').trim().split('\n')
    expect(urls.some((url) => url.endsWith('/commands/status.js'))).toBe(true)
    const heavy = urls.filter((url) =>
      /\/(?:zod|pino|log-update|prom-client|@babel|jiti)\/|packages\/(?!cli|console\/dist\/api)/.test(
        url,
      ),
    )
    expect(heavy).toEqual([])
    expect(urls.filter((url) => !url.startsWith('node:')).length).toBeLessThan(60)
  })
})
