import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDocument } from './json-documents.ts'
import { runInside } from './run-command.ts'

const pem = (name: string): string =>
  fileURLToPath(new URL(`../../../routers/node/test/fixtures/${name}.pem`, import.meta.url))

describe('An agent on another machine', () => {
  const asked: { readonly url: string | undefined; readonly token: string | undefined }[] = []
  const server = createServer(
    { cert: readFileSync(pem('localhost-a')), key: readFileSync(pem('localhost-a-key')) },
    (request, response) => {
      asked.push({ url: request.url, token: request.headers.authorization })
      response.end('[]')
    },
  )
  let url: string

  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/deploys/`
  })

  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  it('is not believed with a certificate that nobody here trusts', async () => {
    const { code, stderr } = await runInside(['status', '--url', url])
    expect(code).toBe(7)
    expect(stderr).toContain('give the authority that signed it by --ca')
    expect(asked).toEqual([])
  })

  it('is asked with the token of a file, below the path that it is mounted at', async () => {
    const file = join(tmpdir(), `token-${process.pid}`)
    writeFileSync(file, 'co_secret\n', { mode: 0o600 })
    const words = [
      'status',
      '--url',
      url,
      '--ca',
      pem('localhost-a'),
      '--token-file',
      file,
      '--json',
    ]
    const { code, stdout } = await runInside(words, { env: { CHANGEOVER_TOKEN: 'co_another' } })
    expect(code).toBe(0)
    expect(readDocument('services', stdout).services).toEqual([])
    expect(asked).toEqual([{ url: '/deploys/api/v1/services', token: 'Bearer co_secret' }])
  })
})
