import { createServer } from 'node:http'

import { describe, expect, it } from 'vitest'

import { createLifecycle } from '../src/index.ts'
import { unknownCheck } from '../src/check-state.ts'
import type { CheckSnapshot } from '../src/checks.ts'
import type { LifecycleState, ProbeDetails } from '../src/index.ts'
import { answerProbe } from '../src/probe-answer.ts'
import { readOptions } from '../src/options.ts'
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
      answerProbe({ target: path }, { state, started, checks: [] }),
    )
    expect(answers.map((answer) => answer?.status)).toEqual(statuses)
  })

  it('names the service, the release and the state, and is never stored', () => {
    const answer = answerProbe(
      { target: '/readyz?x=1' },
      { state: 'draining', started: true, checks: [] },
      { name: 'shop', version: '2' },
    )
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
      expect(answerProbe({ target: path }, ready())).toBeUndefined()
    }
  })
})

describe('an answer', () => {
  const facts = ready(
    snapshot('database', { status: 'pass', value: 7 }),
    snapshot('queue', { status: 'fail', problem: 'connect\nrefused 10.0.0.7' }),
    snapshot('cache', { status: 'fail', problem: 'cold', critical: false }),
  )
  const tell = (target: string, accept?: string, detailed = true): [number, string] => {
    const answer = answerProbe({ target, accept, detailed }, facts)
    return [answer?.status ?? 0, answer?.body ?? '']
  }

  it('tells those who may see it what each check observed, when, and what is wrong', () => {
    const [status, body] = tell('/readyz')
    expect(status).toBe(503)
    expect(JSON.parse(body)).toEqual({
      status: 'fail',
      output: 'ready',
      checks: {
        database: [{ status: 'pass', observedValue: 7, time: '1970-01-01T00:00:05.000Z' }],
        queue: [
          {
            status: 'fail',
            observedValue: 2.5,
            observedUnit: 'ms',
            time: '1970-01-01T00:00:05.000Z',
            output: 'connect\nrefused 10.0.0.7',
          },
        ],
        cache: [expect.objectContaining({ status: 'warn', output: 'cold' })],
      },
    })
  })

  it('tells everybody else the status alone, in every form', () => {
    const forms = [tell('/readyz', '*/*', false), tell('/readyz', 'text/plain', false)]
    forms.push(tell('/readyz?verbose', undefined, false))
    for (const [status, body] of forms) {
      expect(status).toBe(503)
      expect(body).not.toMatch(/database|queue|10\.0\.0\.7/)
    }
  })

  it('is lines of text with ?verbose, as Kubernetes writes them', () => {
    expect(tell('/readyz?verbose')).toEqual([
      503,
      '[+]database ok\n[-]queue failed: connect refused 10.0.0.7\n[-]cache degraded: cold\nreadyz check failed\n',
    ])
  })

  it('leaves out what ?exclude names, however often it is given', () => {
    expect(tell('/readyz?exclude=queue&verbose')).toEqual([
      200,
      '[+]database ok\n[+]queue excluded: ok\n[-]cache degraded: cold\nreadyz check passed\n',
    ])
    const statusOf = (query: string): unknown => JSON.parse(tell(`/readyz${query}`)[1]).status
    expect(statusOf('?exclude=queue')).toBe('warn')
    expect(statusOf('?exclude=queue&exclude=cache')).toBe('pass')
    expect(statusOf('?exclude=other')).toBe('fail')
  })

  it.each([
    [undefined, 'json'],
    ['*/*', 'json'],
    ['text/plain', 'text'],
    ['text/*', 'text'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'json'],
    ['text/plain;q=0.5, application/json', 'json'],
    ['text/plain, */*;q=0.1', 'text'],
    ['application/health+json, text/plain;q=0.9', 'json'],
    ['text/plain;q=0', 'json'],
    ['text/plain;q=potato', 'json'],
  ])('to Accept: %s is %s', (accept, form) => {
    const answer = answerProbe({ target: '/readyz', accept }, facts)
    const type = answer?.headers['content-type']
    expect(type).toMatch(form === 'text' ? /^text\/plain/ : /^application\/health\+json$/)
    expect(answer?.headers['retry-after']).toBe('1')
  })
})

describe('who sees the checks', () => {
  const rules: [string, ProbeDetails | undefined, boolean][] = [
    ['nobody by default', undefined, false],
    ['nobody', 'never', false],
    ['everybody', 'always', true],
    ['whom a function lets in', ({ remoteAddress }) => remoteAddress === '127.0.0.1', true],
    ['not whom it does not', ({ headers }) => headers['x-secret'] === 'no', false],
    [
      'nobody when it throws',
      () => {
        throw new Error('broken rule')
      },
      false,
    ],
    ['nobody when it gives a promise', (() => Promise.resolve(false)) as never, false],
  ]
  it.each(rules)('is %s', async (_, details, shown) => {
    const options = {
      checks: { database: { run: () => {} } },
      ...(details === undefined ? {} : { details }),
    }
    const { lifecycle, port } = await start((request, response) => {
      lifecycle.handler(request, response)
    }, options)
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, {
      headers: { 'x-secret': 'yes' },
    })
    expect((await answer.text()).includes('database')).toBe(shown)
    await lifecycle.close()
  })
})

function ready(...checks: CheckSnapshot[]): {
  state: 'ready'
  started: boolean
  checks: CheckSnapshot[]
} {
  return { state: 'ready', started: true, checks }
}

function snapshot(
  name: string,
  is: { status: 'pass' | 'fail'; value?: number; problem?: string; critical?: boolean },
): CheckSnapshot {
  const { status, value, problem, critical = true } = is
  const [settings] = readOptions({ checks: { [name]: { run: () => {}, critical } } }).checks
  const last = { ok: status === 'pass', at: 5_000, durationMs: 2.5, value, problem }
  return { settings: settings!, state: { ...unknownCheck, status, last } }
}

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
