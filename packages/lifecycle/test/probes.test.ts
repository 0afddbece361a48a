import { createServer } from 'node:http'

import { describe, expect, it } from 'vitest'

import { createLifecycle } from '../src/index.ts'
import { answerProbe } from '../src/probes.ts'
import type { LifecycleState } from '../src/probes.ts'
import { listen, quick, start } from './harness.ts'

const states: [LifecycleState, boolean, number[]][] = [
  ['starting', false, [200, 503, 503]],
  ['ready', true, [200, 200, 200]],
  ['draining', true, [200, 503, 200]],
  ['draining', false, [200, 503, 503]],
  ['stopped', true, [200, 503, 200]],
]

describe('a probe', () => {
  it.each(states)('of a process that is %s (started: %s) says %j', (state, started, statuses) => {
    const answers = ['/livez', '/readyz', '/startupz'].map((path) =>
      answerProbe(path, state, started),
    )
    expect(answers.map((answer) => answer?.status)).toEqual(statuses)
  })

  it('names the service, the release and the state, and is never stored', () => {
    const answer = answerProbe('/readyz?verbose', 'draining', true, { name: 'shop', version: '2' })
    expect(JSON.parse(answer?.body ?? '')).toEqual({
      status: 'fail',
      output: 'draining',
      serviceId: 'shop',
      version: '2',
    })
    expect(answer?.headers).toMatchObject({
      'content-type': 'application/health+json',
      'cache-control': 'no-store',
      'retry-after': '1',
    })
  })

  it('is no other path', () => {
    for (const path of ['/', '/livez/', '/readyz/x', '/x/readyz', '*', '']) {
      expect(answerProbe(path, 'ready', true)).toBeUndefined()
    }
  })
})

describe('lifecycle.handler', () => {
  it('answers GET and HEAD, and leaves the rest to the application', async () => {
    const lifecycle = createLifecycle({ signals: [], drain: quick })
    const returned: boolean[] = []
    const server = createServer((request, response) => {
      const handled = lifecycle.handler(request, response)
      returned.push(handled)
      if (!handled) response.end('application')
    })
    lifecycle.attach(server)
    const base = `http://127.0.0.1:${await listen(server)}`
    const head = await fetch(`${base}/livez?x=1`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect((await fetch(`${base}/readyz`)).headers.get('retry-after')).toBe('1')
    expect(await (await fetch(`${base}/other`)).text()).toBe('application')
    expect(await (await fetch(`${base}/livez`, { method: 'POST' })).text()).toBe('application')
    expect(returned).toEqual([true, true, false, false])
    await lifecycle.close()
  })

  it('calls next for everything else, as middleware must', async () => {
    const passed: string[] = []
    const { lifecycle, port } = await start((request, response) => {
      lifecycle.handler(request, response, () => {
        passed.push(request.url ?? '')
        response.end('next')
      })
    })
    const statuses = ['/readyz', '/app'].map(
      async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).status,
    )
    expect(await Promise.all(statuses)).toEqual([200, 200])
    expect(passed).toEqual(['/app'])
    await lifecycle.close()
  })
})

describe('lifecycle.fetch', () => {
  it('answers probes and nothing else', async () => {
    await using lifecycle = createLifecycle({ signals: [], drain: quick })
    const ask = (path: string, method = 'GET'): Promise<Response | undefined> =>
      lifecycle.fetch(new Request(`http://localhost${path}`, { method }))
    expect((await ask('/readyz?a=b'))?.status).toBe(503)
    lifecycle.ready()
    expect((await ask('/readyz'))?.status).toBe(200)
    expect(await (await ask('/livez'))?.json()).toMatchObject({ status: 'pass', output: 'ready' })
    expect(await (await ask('/livez', 'HEAD'))?.text()).toBe('')
    expect(await ask('/readyz', 'POST')).toBeUndefined()
    expect(await ask('/app')).toBeUndefined()
  })
})
