import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { refused } from './case-refusal.ts'
import { collect, journalMaker } from './journal-maker.ts'
import type { StoreCase, StoreSubject } from './store-subject.ts'

const LONG_MS = 600_000
const SHORT_MS = 100
const RACERS = 8

/** What leases must do. */
export const leaseCases: readonly StoreCase[] = [
  [
    'a lease names its service, its holder, its fence and its end',
    async ({ store }) => {
      const lease = await store.lease('shop', 'engine-1', LONG_MS)
      assert.equal(lease.service, 'shop')
      assert.equal(lease.holder, 'engine-1')
      assert.ok(Number.isSafeInteger(lease.fence) && lease.fence > 0, 'a fence is a whole number')
      assert.ok(Number.isFinite(lease.expiresAt), 'a lease ends at some time')
    },
  ],
  [
    'a second holder is refused, and told who leads and for how long',
    async ({ store }) => {
      await store.lease('shop', 'engine-1', LONG_MS)
      const details = await refused(
        'CHANGEOVER_LEASE_HELD',
        store.lease('shop', 'engine-2', LONG_MS),
      )
      assert.equal(details['holder'], 'engine-1')
      const remainingMs = Number(details['remainingMs'])
      assert.ok(remainingMs > 0 && remainingMs <= LONG_MS, 'the remaining time is told')
    },
  ],
  [
    'of several racing holders exactly one gets the lease',
    async ({ store }) => {
      const holders = Array.from({ length: RACERS }, (_, index) => `engine-${index}`)
      const results = await Promise.allSettled(
        holders.map((holder) => store.lease('shop', holder, LONG_MS)),
      )
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    },
  ],
  [
    'services are leased apart from each other',
    async ({ store }) => {
      const shop = await store.lease('shop', 'engine-1', LONG_MS)
      const mail = await store.lease('mail', 'engine-2', LONG_MS)
      assert.deepEqual([shop.holder, mail.holder], ['engine-1', 'engine-2'])
    },
  ],
  [
    'a renewal by the holder keeps the fence and moves the end',
    async ({ store }) => {
      const lease = await store.lease('shop', 'engine-1', LONG_MS)
      const renewed = await store.lease('shop', 'engine-1', LONG_MS * 2)
      assert.equal(renewed.fence, lease.fence)
      assert.ok(renewed.expiresAt > lease.expiresAt, 'the end moves')
      await refused('CHANGEOVER_LEASE_HELD', store.lease('shop', 'engine-2', LONG_MS))
    },
  ],
  [
    'a lapsed lease is granted to another holder, with a higher fence',
    async (subject) => {
      const lapsed = await subject.store.lease('shop', 'engine-1', SHORT_MS)
      await pass(subject)
      const lease = await subject.store.lease('shop', 'engine-2', LONG_MS)
      assert.equal(lease.holder, 'engine-2')
      assert.ok(lease.fence > lapsed.fence, 'the fence grows')
    },
  ],
  [
    'a lapsed lease is granted anew to its own holder, with a higher fence',
    async (subject) => {
      const lapsed = await subject.store.lease('shop', 'engine-1', SHORT_MS)
      await pass(subject)
      const lease = await subject.store.lease('shop', 'engine-1', LONG_MS)
      assert.ok(lease.fence > lapsed.fence, 'the fence grows')
    },
  ],
  [
    'a released lease is granted at once, with a higher fence',
    async ({ store }) => {
      const released = await store.lease('shop', 'engine-1', LONG_MS)
      await store.release(released)
      const lease = await store.lease('shop', 'engine-2', LONG_MS)
      assert.ok(lease.fence > released.fence, 'the fence grows')
    },
  ],
  [
    'the release of a lease that is no longer in force does nothing',
    async ({ store }) => {
      const stale = await store.lease('shop', 'engine-1', LONG_MS)
      await store.release(stale)
      const lease = await store.lease('shop', 'engine-1', LONG_MS)
      await store.release(stale)
      await refused('CHANGEOVER_LEASE_HELD', store.lease('shop', 'engine-2', LONG_MS))
      const renewed = await store.lease('shop', 'engine-1', LONG_MS)
      assert.equal(renewed.fence, lease.fence)
    },
  ],
  [
    'an older fence appends nothing as soon as a newer one was granted',
    async (subject) => {
      const { store } = subject
      const { fence } = await store.lease('shop', 'engine-1', SHORT_MS)
      const { created, fork } = journalMaker('r1', { fence })
      const entries = [created()]
      await store.append('r1', 0, entries)
      await pass(subject)
      const newer = await store.lease('shop', 'engine-2', LONG_MS)
      const late = fork().next({ type: 'led', holder: 'engine-1' })
      await refused('CHANGEOVER_FENCE_STALE', store.append('r1', 1, [late]))
      const begun = journalMaker('r2', { fence }).created()
      await refused('CHANGEOVER_FENCE_STALE', store.append('r2', 0, [begun]))
      assert.deepEqual(await collect(store.read('r2')), [])
      const taken = fork(newer.fence).next({ type: 'led', holder: 'engine-2' })
      await store.append('r1', 1, [taken])
      const found = await collect(store.read('r1'))
      assert.deepEqual(
        found.map(({ hash }) => hash),
        [...entries, taken].map(({ hash }) => hash),
      )
    },
  ],
  [
    'a fence keeps no other service from being written, nor an own one that lapsed and nobody took',
    async (subject) => {
      const { store } = subject
      const released = await store.lease('mail', 'engine-1', LONG_MS)
      await store.release(released)
      await store.lease('mail', 'engine-2', LONG_MS)
      const { fence } = await store.lease('shop', 'engine-1', SHORT_MS)
      await pass(subject)
      const { created, next } = journalMaker('r1', { fence })
      await store.append('r1', 0, [created()])
      await store.append('r1', 1, [next({ type: 'led', holder: 'engine-1' })])
      assert.equal((await collect(store.read('r1'))).length, 2)
    },
  ],
  [
    'a lease in force survives a reopening',
    async ({ store, reopen }) => {
      if (reopen === undefined) return
      await store.lease('shop', 'engine-1', LONG_MS)
      const reopened = await reopen()
      await refused('CHANGEOVER_LEASE_HELD', reopened.lease('shop', 'engine-2', LONG_MS))
    },
  ],
  [
    'an older fence appends nothing after a reopening either',
    async ({ store, reopen }) => {
      if (reopen === undefined) return
      const { fence, ...rest } = await store.lease('shop', 'engine-1', LONG_MS)
      const { created, next } = journalMaker('r1', { fence })
      await store.append('r1', 0, [created()])
      await store.release({ fence, ...rest })
      await store.lease('shop', 'engine-2', LONG_MS)
      const late = next({ type: 'led', holder: 'engine-1' })
      await refused('CHANGEOVER_FENCE_STALE', (await reopen()).append('r1', 1, [late]))
    },
  ],
  [
    'the fence goes on growing after a release and a reopening',
    async ({ store, reopen }) => {
      if (reopen === undefined) return
      const before = await store.lease('shop', 'engine-1', LONG_MS)
      await store.release(before)
      const after = await (await reopen()).lease('shop', 'engine-1', LONG_MS)
      assert.ok(after.fence > before.fence, 'the fence grows')
    },
  ],
]

/** Lets the short lease lapse. */
async function pass({ advance }: StoreSubject): Promise<void> {
  if (advance === undefined) await delay(SHORT_MS * 2)
  else await advance(SHORT_MS)
}
