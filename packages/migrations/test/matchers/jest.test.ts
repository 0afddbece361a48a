import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../fixtures/jest-project/', import.meta.url))
const require = createRequire(import.meta.url)
const manifest = require.resolve('jest/package.json')
const jest = join(dirname(manifest), 'bin/jest.js')

let answer: { readonly code: number | undefined; readonly said: string }

beforeAll(async () => {
  answer = await runJest()
}, 60_000)

test('In jest the matchers come with the import, or by hand where globals are not wanted', () => {
  expect(answer.said).toMatch(/^PASS .*passes\.spec\.mjs$/m)
  expect(answer.said).toContain('Tests:       2 failed, 2 passed, 4 total')
})

test('In jest the message of a failure is the report', () => {
  const { code, said } = answer
  expect(code).toBe(1)
  expect(said).toContain(`    Expected the migrations to be safe to deploy:

    db/7.sql (contract)
      db/7.sql:1:1  unsafe  drop-column
`)
  expect(said).toContain(
    '        breaks: release 1.0.0\n        query: SELECT id, bio FROM users\n',
  )
  expect(said).toContain('Expected the migrations not to be safe to deploy:\n')
})

/** Runs jest as its users do, on what was built: one file passes, one fails. */
function runJest(): Promise<typeof answer> {
  const config = join(folder, 'jest.config.json')
  const options = { env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules' } }
  const parameters = [jest, '--config', config, '--ci', '--runInBand', '--colors=false']
  return new Promise((resolve) => {
    const child = execFile(process.execPath, parameters, options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? undefined, said: stdout + stderr }),
    )
  })
}
