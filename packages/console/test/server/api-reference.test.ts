import { expect, it } from 'vitest'
import type { ConsoleParts } from '../../src/routes/console-parts.ts'
import { endpointsOf } from '../../src/routes/endpoints.ts'
import { renderApi } from './render-api.ts'

const endpoints = endpointsOf({} as ConsoleParts)

it('docs/api.md is what the table of endpoints says (vitest --update writes it)', async () => {
  await expect(renderApi(endpoints)).toMatchFileSnapshot('../../../../docs/api.md')
})

it('every endpoint that changes something is recorded, and has a body that refuses what it does not know', () => {
  const changing = endpoints.filter(({ method, action }) => method !== 'GET' && action !== 'plan')
  expect(changing.filter(({ recorded }) => recorded === undefined)).toEqual([])
  const lax = endpoints.filter(({ body }) => body?.safeParse({ nonsense: 1 }).success)
  expect(lax.map(({ path }) => path)).toEqual([])
})
