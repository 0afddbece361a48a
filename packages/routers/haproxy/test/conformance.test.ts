import { routerConformance } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { haproxyUnderTest } from '../../../../test/routers/haproxy.ts'
import { haproxy } from './haproxy.ts'

describe.skipIf(!haproxy)('HAProxy', () => {
  routerConformance({
    test,
    create: async () => (await haproxyUnderTest()) ?? expect.fail('HAProxy was there'),
  })
})
