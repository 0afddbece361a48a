import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { ChangeoverError, type MetricsQuery, type Samples } from '@changeover/engine'
import { prometheusMetrics, type PrometheusMetricsOptions } from '@changeover/metrics-prometheus'
import { afterEach, describe, expect, test } from 'vitest'

const template = 'sum(x{release="$release"})'
const indicators = { errors: { bad: template, total: template } }
const query: MetricsQuery = { service: 'shop', release: 'v2', since: 0, indicator: 'errors' }

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
})

/** A server that answers every query alike, or never. */
async function answering(
  status: number | 'never',
  body: unknown = '',
  headers: Record<string, string> = {},
): Promise<{ url: string; seen: { url: string | undefined; headers: IncomingHttpHeaders }[] }> {
  const seen: { url: string | undefined; headers: IncomingHttpHeaders }[] = []
  const server = createServer((request, response) => {
    seen.push({ url: request.url, headers: request.headers })
    if (status === 'never') return
    response.writeHead(status, headers)
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return { url: `http://127.0.0.1:${port}`, seen }
}

const vector = (...values: string[]): unknown => ({
  status: 'success',
  data: {
    resultType: 'vector',
    result: values.map((value) => ({ metric: {}, value: [1, value] })),
  },
})

async function sample(
  url: string,
  options: Partial<PrometheusMetricsOptions> = {},
): Promise<Samples> {
  return prometheusMetrics({ url, indicators, ...options }).sample(query)
}

describe('an answer', () => {
  test('with one number for each count is data', async () => {
    const { url } = await answering(200, vector('7'))
    expect(await sample(url)).toStrictEqual({ data: true, bad: 7, total: 7 })
  })

  test.each<[string, number, unknown, string]>([
    ['that is empty', 200, vector(), 'or vector(0)'],
    ['with several series', 200, vector('1', '2'), 'aggregate'],
    ['of NaN', 200, vector('NaN'), 'NaN'],
    ['of infinity', 200, vector('+Inf'), '+Inf'],
    ['below nothing', 200, vector('-1'), 'no counts'],
    [
      'that may be partial',
      200,
      { ...(vector('1') as object), warnings: ['a store is down'] },
      'partial',
    ],
    ['that is no JSON', 200, '<html>', 'HTTP 200'],
    ['of another shape', 200, { status: 'success' }, 'HTTP 200'],
    ['of another status', 503, 'down for maintenance', 'HTTP 503'],
    ['of another status with numbers', 500, vector('1'), 'HTTP 500'],
    [
      'that is an error',
      422,
      { status: 'error', errorType: 'execution', error: 'too many' },
      'too many',
    ],
  ])('%s is no data, with the reason', async (_, status, body, reason) => {
    const { url } = await answering(status, body)
    expect(await sample(url)).toStrictEqual({
      data: false,
      reason: expect.stringContaining(reason),
    })
  })

  test('that does not come in time is no data', async () => {
    const { url } = await answering('never')
    expect(await sample(url, { timeout: '50ms' })).toMatchObject({
      data: false,
      reason: expect.stringContaining('50 ms'),
    })
  })

  test('from nobody is no data', async () => {
    const { url } = await answering(200)
    const [server] = servers.splice(0)
    server?.close()
    expect(await sample(url)).toMatchObject({
      data: false,
      reason: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('that leads elsewhere is not followed', async () => {
    const elsewhere = await answering(200, vector('1'))
    const { url } = await answering(307, '', { location: elsewhere.url })
    expect(await sample(url, { headers: { 'x-token': 'secret' } })).toMatchObject({ data: false })
    expect(elsewhere.seen).toStrictEqual([])
  })
})

test('headers are sent, and the path that Prometheus is served under is kept', async () => {
  const { url, seen } = await answering(200, vector('1'))
  await sample(`${url}/prometheus/`, { headers: { authorization: 'Bearer secret' } })
  expect(seen[0]?.url).toBe('/prometheus/api/v1/query')
  expect(seen[0]?.headers.authorization).toBe('Bearer secret')
})

test('both counts are of one instant', async () => {
  const times: (string | null)[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      times.push(new URLSearchParams(body).get('time'))
      response.end(JSON.stringify(vector('1')))
    })
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address = server.address()
  await sample(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
  expect(times).toStrictEqual([null, '1'])
})

describe('when a plan is made', () => {
  const bounded = { bad: 'x{release="$release",le="$over"}', total: template }
  const gauge = { values: template }

  test.each([
    ['a name without queries', { indicator: 'error' }],
    ['values of counts', { indicator: 'errors', as: 'values' }],
    ['counts of a gauge', { indicator: 'memory' }],
    ['a bound that the queries do not use', { indicator: 'errors', overMs: 300 }],
    ['no bound where the queries need one', { indicator: 'slow' }],
  ] as const)('%s is refused', async (_, indicator) => {
    const { url } = await answering(200, vector('1'))
    const all = { ...indicators, slow: bounded, memory: gauge }
    const metrics = prometheusMetrics({ url, indicators: all })
    await expect(metrics.check?.(indicator)).rejects.toMatchObject({
      code: 'CHANGEOVER_INDICATOR_UNKNOWN',
    })
    expect(await metrics.sample({ ...query, ...indicator })).toMatchObject({ data: false })
  })

  test.each([
    ['a server that fails', 500, ''],
    [
      'a query that it cannot read',
      400,
      { status: 'error', errorType: 'bad_data', error: 'parse' },
    ],
  ])('%s is refused', async (_, status, body) => {
    const { url } = await answering(status, body)
    const check = prometheusMetrics({ url, indicators }).check?.({ indicator: 'errors' })
    await expect(check).rejects.toMatchObject({ code: 'CHANGEOVER_INDICATOR_UNKNOWN' })
  })

  test.each([
    ['nothing yet', vector()],
    ['NaN', vector('NaN')],
  ])('%s is accepted: the release has served nobody', async (_, body) => {
    const { url } = await answering(200, body)
    const check = prometheusMetrics({ url, indicators }).check?.({ indicator: 'errors' })
    await expect(check).resolves.toBeUndefined()
  })
})

describe('options', () => {
  const url = 'http://127.0.0.1:9090'

  test.each<[string, unknown]>([
    ['url', { url: 'localhost:9090', indicators }],
    ['url', { url: 'ftp://127.0.0.1', indicators }],
    ['url', { url: 'http://ada:secret@127.0.0.1', indicators }],
    ['indicators', { url, indicators: {} }],
    ['indicators.errors.bad', { url, indicators: { errors: { bad: 'up', total: template } } }],
    ['indicators.errors', { url, indicators: { errors: { bad: template } } }],
    ['headers', { url, indicators, headers: { authorization: 'secret\nsecret' } }],
    ['headers.authorization', { url, indicators, headers: { authorization: ['secret'] } }],
    ['retries', { url, indicators, retries: 3 }],
  ])('that make no sense are refused, secrets unseen: %s', (field, options) => {
    const create = (): unknown => prometheusMetrics(options as PrometheusMetricsOptions)
    expect(create).toThrow(ChangeoverError)
    expect(create).toThrow(`"prometheusMetrics.${field}"`)
    expect(create).not.toThrow('secret')
  })

  test('with a bad timeout are refused', () => {
    const create = (): unknown => prometheusMetrics({ url, indicators, timeout: 'soon' })
    expect(create).toThrow(expect.objectContaining({ code: 'CHANGEOVER_DURATION_INVALID' }))
  })
})
