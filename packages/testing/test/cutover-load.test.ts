import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cutoverLoad, type CutoverLoadOptions } from '@changeover/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

describe('cutoverLoad', () => {
  test('lets releases take over from each other, and finds nothing where nothing is wrong', async () => {
    const site = await shop()
    const report = await cutoverLoad({ url: site.url, cutovers: 3, step: site.step })
    expect(report).toMatchObject({
      cutovers: 3,
      failed: 0,
      late: 0,
      oldAfterApply: 0,
      examples: [],
    })
    expect(report.sent).toBeGreaterThanOrEqual(4 * 250)
    expect(report.outcomes.fresh.ok).toBeGreaterThan(8)
    expect(report.outcomes['keep-alive'].ok + report.outcomes.fresh.ok).toBe(report.sent)
    expect(site.connections()).toBe(report.outcomes.fresh.ok + 32)
  })

  test('finds answers of a release that had left, and says of whom', async () => {
    const site = await shop()
    const step: CutoverLoadOptions['step'] = (n) => ({
      ...site.step(n),
      converge: async () => undefined,
      ...(n === 1 ? { apply: async () => undefined } : {}),
    })
    const report = await cutoverLoad({ url: site.url, cutovers: 1, step })
    expect(report.late).toBeGreaterThanOrEqual(250 - 40)
    expect(report.examples[0]).toMatch(/^late: r0 answered .* after r1 had taken over$/)
  })

  test('finds connections that were cut, each once', async () => {
    const site = await shop()
    const step: CutoverLoadOptions['step'] = (n) => ({
      ...site.step(n),
      apply: async () => {
        await site.step(n).apply()
        site.cut()
      },
    })
    const report = await cutoverLoad({ url: site.url, cutovers: 2, fresh: 0, step })
    expect(report.failed).toBeGreaterThan(0)
    expect(report.failed).toBeLessThanOrEqual(2 * 32)
    const { ok, 'reset-on-reused': reused, 'reset-on-fresh': fresh } = report.outcomes['keep-alive']
    expect(ok + reused + fresh).toBe(report.sent)
    expect(reused).toBeGreaterThan(0)
  })

  test('sends at the rate that it is given', async () => {
    const site = await shop()
    const startedAt = performance.now()
    const options = { cutovers: 1, requestsPerCutover: 50, keepAlive: 2, fresh: 1, rate: 200 }
    await cutoverLoad({ url: site.url, step: site.step, ...options })
    // A hundred requests, of which the first is due at once.
    expect(performance.now() - startedAt).toBeGreaterThan(470)
  })

  test('stops sending when a step fails, and fails with it', async () => {
    const site = await shop()
    const step: CutoverLoadOptions['step'] = (n) => ({
      ...site.step(n),
      apply: () => (n === 1 ? Promise.reject(new Error('no')) : Promise.resolve()),
    })
    await expect(cutoverLoad({ url: site.url, step })).rejects.toThrow('no')
    const asked = site.asked()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(site.asked()).toBe(asked)
  })

  test('ends when its signal is aborted, with the reason, and sends no more', async () => {
    const site = await shop()
    const controller = new AbortController()
    const reason = new Error('enough')
    const step: CutoverLoadOptions['step'] = (n) => {
      if (n === 2) controller.abort(reason)
      return site.step(n)
    }
    const { signal } = controller
    await expect(cutoverLoad({ url: site.url, step, signal })).rejects.toBe(reason)
    const asked = site.asked()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(site.asked()).toBe(asked)
    await expect(cutoverLoad({ url: site.url, step, signal })).rejects.toBe(reason)
    expect(site.asked()).toBe(asked)
  })

  test.each([
    ['url', { url: 'https://127.0.0.1/' }],
    ['step', { step: undefined as never }],
    ['keepAlive', { keepAlive: 0, fresh: 0 }],
    ['rate', { rate: 0 }],
    ['method', { method: 'get /' }],
    ['cutover', { cutover: 3 }],
  ])('refuses a mistake in %s before it sends anything', async (field, mistake) => {
    const options = { url: 'http://127.0.0.1:1', step: () => expect.fail('called'), ...mistake }
    await expect(cutoverLoad(options)).rejects.toMatchObject({
      code: 'CHANGEOVER_OPTION_INVALID',
      details: { field: `cutoverLoad.${field}` },
    })
  })
})

/** A server that answers in the name of whichever release was applied last, until the test ends. */
async function shop() {
  let release = ''
  let asked = 0
  let connections = 0
  const server = createServer((_, response) => {
    asked += 1
    response.writeHead(200, { 'x-release': release }).end('ok')
  })
  server.on('connection', () => (connections += 1))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    connections: () => connections,
    cut: () => server.closeAllConnections(),
    step: (n: number) => ({
      release: `r${n}`,
      apply: async () => void (release = `r${n}`),
      converge: async () => undefined,
    }),
  }
}
