import type { Receipt, RouteTable } from '@changeover/engine'
import { nodeRouter } from '@changeover/router-node'
import { expect, it } from 'vitest'
import { controlCalls } from '../../src/process/control-calls.ts'
import { table } from '../shop.ts'

it('tells no adapter of its own table where another one’s is refused meanwhile', async () => {
  const router = nodeRouter({ listeners: { shop: { port: 0 } } })
  // As where it is written down first: there is time for another one.
  const slowly = async (next: RouteTable): Promise<Receipt> => {
    await new Promise(setImmediate)
    return router.apply(next)
  }
  const told: unknown[] = []
  const listener = { tell: (_: unknown, except: string) => told.push(except), renewed: () => {} }
  const calls = controlCalls({ ...router, apply: slowly }, listener)
  const { signal } = new AbortController()
  const apply = (revision: number, fence: number, adapter: string): Promise<Receipt> => {
    const next = table({ releases: { v1: ['127.0.0.1:1'] }, revision, fence })
    return calls.apply({ table: next }, { signal, adapter })
  }

  const receipts = await Promise.all([apply(2, 9, 'new'), apply(3, 1, 'old'), apply(4, 9, 'new')])
  expect(receipts.map(({ outcome }) => outcome)).toEqual(['applied', 'rejected', 'applied'])
  expect(told, 'by whose doing the others are told').toEqual(['new', 'new'])
  await router.close()
})
