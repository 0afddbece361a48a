import { rolling, type StartRequest } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { readStartRequest } from '../src/start-request.ts'
import { NEW, OLD } from './plan-maker.ts'
import { refusalOf } from './refusal.ts'

const request: StartRequest = { service: 'shop', release: NEW, replicas: 4, strategy: rolling() }

test('a request is accepted with what it needs, and with everything that it may have', () => {
  expect(readStartRequest(request)).toStrictEqual(request)
  const release = {
    ...NEW,
    readiness: { path: '/readyz?full', timeoutMs: 500, everyMs: 100 },
    contract: 'contract.json',
  }
  const everything = { ...request, release, by: 'ann', current: OLD }
  expect(readStartRequest(everything)).toStrictEqual(everything)
})

test.each(['a', 'A9', 'shop.eu-west_1', '2', 'x'.repeat(63)])('%s names a service', (service) => {
  expect(readStartRequest({ ...request, service }).service).toBe(service)
})

describe('a request is refused', () => {
  test.each([
    '',
    '-shop',
    '.shop',
    '..',
    'a/b',
    'a\\b',
    'a b',
    'shöp',
    'a\n',
    'a\0',
    'x'.repeat(64),
  ])('where %j is to name a service or a release', (id) => {
    expectRefused({ ...request, service: id }, 'start.service')
    expectRefused({ ...request, release: { ...NEW, id } }, 'start.release.id')
    expectRefused({ ...request, current: { ...OLD, id } }, 'start.current.id')
  })

  test.each([0, -1, 1.5, 100_001, Number.NaN, Infinity, '4', null])(
    'for %o replicas',
    (replicas) => {
      expectRefused({ ...request, replicas }, 'start.replicas')
    },
  )

  test.each<[string, object]>([
    ['start.release.version', { version: '' }],
    ['start.release.version', { version: 2 }],
    ['start.release.readiness.path', { readiness: { path: 'readyz' } }],
    ['start.release.readiness.timeoutMs', { readiness: { timeoutMs: 0 } }],
    ['start.release.readiness.everyMs', { readiness: { everyMs: 0.5 } }],
    ['start.release.readiness.interval', { readiness: { interval: 5 } }],
    ['start.release.image', { image: 'shop:2' }],
    ['start.release.contract', { contract: 5 }],
  ])('for the release: %s', (field, wrong) => {
    expectRefused({ ...request, release: { ...NEW, ...wrong } }, field)
  })

  test.each<[string, object]>([
    ['start.replica', { replica: 4 }],
    ['start.by', { by: 5 }],
    ['start.release', { release: 'new' }],
    ['start.strategy', { strategy: { name: 'rolling' } }],
    ['start.strategy', { strategy: rolling }],
    ['start.strategy', { strategy: undefined }],
  ])('for %s: %o', (field, wrong) => {
    expectRefused({ ...request, ...wrong }, field)
  })

  test.each([undefined, null, 'shop', []])('where it is %o', (nothing) => {
    expectRefused(nothing, 'start')
  })
})

function expectRefused(wrong: unknown, field: string): void {
  const refusal = refusalOf(() => readStartRequest(wrong as StartRequest))
  expect(refusal).toMatchObject({ code: 'CHANGEOVER_OPTION_INVALID', details: { field } })
  expect(refusal.message).toContain('Nothing was started.')
}
