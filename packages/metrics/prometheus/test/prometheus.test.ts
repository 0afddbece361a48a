import { prometheusMetrics, type PrometheusMetricsOptions } from '@changeover/metrics-prometheus'
import { metricsConformance, type MetricsSubject } from '@changeover/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { programs } from '../../../../test/debian-packages.ts'
import { type PrometheusServer, startPrometheus } from './fixtures/prometheus-server.ts'
import { type Shop, startLine, startShop } from './fixtures/shop.ts'

const [program] = (await programs({ command: 'prometheus', package: 'prometheus' })) ?? []

/** Exact, where `increase` would extrapolate over the few scrapes that a test has. */
const grown = (series: string): string =>
  `sum(${series}) - (sum(${series} offset $window) or vector(0))`

const indicators: PrometheusMetricsOptions['indicators'] = {
  errors: {
    bad: grown('http_requests_total{service="$service", release="$release", status=~"5.."}'),
    total: grown('http_requests_total{service="$service", release="$release"}'),
  },
  queue: { values: 'queue_length{release="$release"}[$window]' },
}

const odd = `v2"} or vector(1) # ' \\ \``

describe.skipIf(program === undefined)('with a real Prometheus', () => {
  let shop: Shop
  let server: PrometheusServer

  beforeAll(async () => {
    shop = await startShop(['v1', odd])
    server = await startPrometheus(program ?? '', [shop.address])
    await server.scraped()
  })
  afterAll(async () => {
    await server.close()
    await shop.close()
  })

  metricsConformance({ test, create: () => subject(shop, server) })

  const ask = (
    query: { values: string } | { bad: string; total: string },
    release = 'v1',
  ): Promise<unknown> =>
    prometheusMetrics({ url: server.url, indicators: { asked: query } }).sample({
      indicator: 'asked',
      service: 'shop',
      release,
      since: Date.now() - 60_000,
      ...('values' in query ? { as: 'values' as const } : {}),
    })

  const total = 'sum(http_requests_total{release="$release"})'

  test.each([['v1'], [odd]])(
    'the release %s is one label value, behind either operator',
    async (release) => {
      for (const operator of ['=', '=~']) {
        for (const quote of ['"', "'"]) {
          const values = `queue_length{release${operator}${quote}$release${quote}}`
          expect(await ask({ values }, release)).toStrictEqual({ data: true, values: [3] })
        }
      }
    },
  )

  test('a release that is a pattern is not taken for one', async () => {
    const values = 'queue_length{release=~"$release"}'
    expect(await ask({ values }, 'v.*')).toMatchObject({ data: false, reason: 'no series' })
  })

  test.each([
    ['no series', { bad: total, total: 'sum(nothing{release="$release"})' }, 'no series'],
    [
      'several series',
      { bad: total, total: 'http_requests_total{release="$release"}' },
      'aggregate them with sum()',
    ],
    ['NaN', { bad: total, total: 'sum(broken{release="$release"})' }, 'NaN'],
    ['infinity', { bad: total, total: 'sum(queue_length{release="$release"}) / 0' }, '+Inf'],
    ['more bad requests than requests', { bad: `${total} + 1`, total }, 'are no counts'],
    ['a gauge that is no number', { values: 'broken{release="$release"}' }, 'NaN'],
    ['a query that cannot be read', { values: 'sum(queue_length{release="$release"}' }, 'bad_data'],
  ])('%s is no data, with the reason', async (_, query, reason) => {
    expect(await ask(query)).toMatchObject({
      data: false,
      reason: expect.stringContaining(reason),
    })
  })

  test('a query that Prometheus cannot read is refused when a plan is made', async () => {
    const bad = 'sum(http_requests_total{release="$release"}'
    const metrics = prometheusMetrics({ url: server.url, indicators: { errors: { bad, total } } })
    await expect(metrics.check?.({ indicator: 'errors' })).rejects.toMatchObject({
      code: 'CHANGEOVER_INDICATOR_UNKNOWN',
      message: expect.stringContaining('bad_data'),
    })
  })
})

let subjects = 0

/** Releases of its own in one shop, asked about through a line that can be cut. */
async function subject(shop: Shop, server: PrometheusServer): Promise<MetricsSubject> {
  subjects += 1
  const releases = [`candidate-${subjects}`, `baseline-${subjects}`] as const
  for (const release of releases) shop.add(release)
  const line = await startLine(server.url)
  await server.scraped()
  return {
    metrics: prometheusMetrics({ url: line.url, indicators }),
    service: 'shop',
    releases,
    counts: { indicator: 'errors' },
    values: { indicator: 'queue', as: 'values' },
    serve: async (release, requests) => {
      await shop.serve(release, requests)
      await server.scraped()
    },
    silence: line.close,
    close: line.close,
  }
}
