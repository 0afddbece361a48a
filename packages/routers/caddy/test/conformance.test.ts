import { routerConformance, type RouterSubject } from '@changeover/testing'
import { describe, test } from 'vitest'
import { caddyUnderTest } from '../../../../test/routers/caddy.ts'
import { programs } from '../../../../test/debian-packages.ts'

const found = await programs({ command: 'caddy', package: 'caddy' })

describe.skipIf(!found)('Caddy', () => {
  routerConformance({ test, create })
})

async function create(): Promise<RouterSubject> {
  const subject = await caddyUnderTest()
  if (!subject) throw new Error('there is no caddy')
  return subject
}
