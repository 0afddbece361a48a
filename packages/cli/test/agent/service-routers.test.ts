import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serviceMemory } from '../../src/agent/service-memory.ts'
import { serviceRouters } from '../../src/agent/service-routers.ts'

const listen = { port: 0, host: '127.0.0.1' }

describe('The routers that an agent remembers', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'routers-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('are not written again where nothing changed: a full disk keeps no agent from starting', () => {
    const memory = serviceMemory(folder)
    const service = { name: 'shop', listen, router: {} }
    memory.keep(service)
    // From here on nothing can be written.
    mkdirSync(join(folder, 'shop.json.tmp'))
    memory.keep(service)
    expect(() => memory.keep({ ...service, router: { limits: {} } })).toThrow(
      expect.objectContaining({
        code: 'CHANGEOVER_AGENT_DIRECTORY_INVALID',
        message: expect.stringContaining('shop.json') as string,
      }),
    )
    expect(serviceMemory(folder).all()).toEqual([service])
  })

  it('keep no agent from starting when one of a removed service cannot be made any more', async () => {
    const memory = serviceMemory(folder)
    const gone = join(folder, 'gone.pem')
    memory.keep({ name: 'old', listen, router: { tls: { cert: gone, key: gone } } })
    memory.keep({ name: 'other', listen, router: {} })
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => void lines.push(line) })
    const routers = serviceRouters(folder, logger)
    routers.setRemembered()
    expect(lines.join('')).toMatch(/"service":"old".*gone\.pem.*left alone/)
    expect(routers.set({ name: 'other', listen, router: {} })).toBe(false)
    await routers.close()
  })
})
