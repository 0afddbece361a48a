import { type Lease, memoryStore, type Store } from '@changeover/engine'
import { virtualClock, type VirtualClock } from '@changeover/testing'
import { expect, test, vi } from 'vitest'
import { keepLease } from '../src/lease-keeper.ts'

const TTL_MS = 15_000

test('a kept lease does not lapse, and keeps its fence', async () => {
  const { clock, store, lease, onLost } = await keeping()
  for (let spell = 0; spell < 20; spell += 1) {
    await clock.advance(TTL_MS)
    await expect(store.lease('shop', 'other', TTL_MS)).rejects.toMatchObject({
      code: 'CHANGEOVER_LEASE_HELD',
    })
  }
  const { fence } = await store.lease('shop', 'me', TTL_MS)
  expect(fence).toBe(lease.fence)
  expect(onLost).not.toHaveBeenCalled()
})

test('it is renewed three times within its time to live, and no more', async () => {
  const { clock, renewals } = await keeping()
  await clock.advance(TTL_MS * 10)
  expect(renewals()).toBe(30)
})

test('the end of the signal ends the keeping, and leaves no timer behind', async () => {
  const { clock, kept, over, onLost, renewals } = await keeping()
  await clock.advance(TTL_MS)
  over.abort()
  await kept
  await clock.advance(TTL_MS * 5)
  expect(renewals()).toBe(3)
  expect(clock.sleepers).toBe(0)
  expect(onLost).not.toHaveBeenCalled()
})

test('a store that never answers loses the lease when it lapses, and keeps nobody waiting', async () => {
  const clock = virtualClock()
  const inner = memoryStore({ clock })
  const lease = await inner.lease('shop', 'me', TTL_MS)
  const store: Store = { ...inner, lease: () => new Promise(() => undefined) }
  const onLost = vi.fn<(error: unknown) => void>()
  const { signal } = new AbortController()
  const kept = keepLease({ store, clock, ttlMs: TTL_MS }, lease, { signal, onLost })
  await clock.run(kept)
  expect(clock.now()).toBe(TTL_MS)
  expect(onLost).toHaveBeenCalledOnce()
  expect(clock.sleepers).toBe(0)
})

test('the end of the signal ends it also while the store does not answer', async () => {
  const clock = virtualClock()
  const inner = memoryStore({ clock })
  const lease = await inner.lease('shop', 'me', TTL_MS)
  const store: Store = { ...inner, lease: () => new Promise(() => undefined) }
  const over = new AbortController()
  const onLost = vi.fn<(error: unknown) => void>()
  const kept = keepLease({ store, clock, ttlMs: TTL_MS }, lease, { signal: over.signal, onLost })
  await clock.advance(TTL_MS / 2)
  over.abort()
  await kept
  expect(onLost).not.toHaveBeenCalled()
})

test('renewals that fail for a while do no harm', async () => {
  const { clock, fault, onLost, store } = await keeping()
  fault.error = new Error('no route to host')
  await clock.advance(TTL_MS / 2)
  fault.error = undefined
  await clock.advance(TTL_MS)
  expect(onLost).not.toHaveBeenCalled()
  await expect(store.lease('shop', 'other', TTL_MS)).rejects.toThrow('is led by "me"')
})

test('renewals that fail until the lease lapses lose it at that moment, once', async () => {
  const { clock, fault, onLost, kept } = await keeping()
  await clock.advance(TTL_MS)
  fault.error = new Error('no route to host')
  await clock.advance(TTL_MS - 1)
  expect(onLost).not.toHaveBeenCalled()
  await clock.advance(1)
  await kept
  await clock.advance(TTL_MS * 5)
  expect(onLost.mock.calls).toStrictEqual([[fault.error]])
  expect(clock.sleepers).toBe(0)
})

test('a lease that another engine has taken meanwhile is lost with that refusal', async () => {
  const { clock, fault, onLost, inner } = await keeping()
  fault.error = new Error('no route to host')
  await clock.advance(TTL_MS)
  expect(onLost).toHaveBeenCalledTimes(1)
  const taken = await inner.lease('shop', 'other', TTL_MS)
  expect(taken.fence).toBe(2)
})

test('a lease that comes back with another fence is lost, for another engine led in between', async () => {
  const { clock, inner, onLost, lease, kept } = await keeping()
  await inner.release(lease)
  await inner.release(await inner.lease('shop', 'other', TTL_MS))
  await clock.advance(TTL_MS)
  await kept
  expect(onLost.mock.calls).toMatchObject([
    [{ code: 'CHANGEOVER_LEASE_LOST', details: { service: 'shop', fence: 3 } }],
  ])
})

interface Keeping {
  readonly clock: VirtualClock
  /** As the keeper sees it: `fault` makes it fail. */
  readonly store: Store
  readonly inner: Store
  readonly fault: { error: Error | undefined }
  readonly lease: Lease
  readonly over: AbortController
  readonly kept: Promise<void>
  readonly onLost: ReturnType<typeof vi.fn<(error: unknown) => void>>
  readonly renewals: () => number
}

async function keeping(): Promise<Keeping> {
  const clock = virtualClock()
  const inner = memoryStore({ clock })
  const fault: Keeping['fault'] = { error: undefined }
  let renewals = 0
  const store: Store = {
    ...inner,
    async lease(...request) {
      renewals += 1
      if (fault.error) throw fault.error
      return inner.lease(...request)
    },
  }
  const lease = await inner.lease('shop', 'me', TTL_MS)
  const over = new AbortController()
  const onLost = vi.fn<(error: unknown) => void>()
  const signals = { signal: over.signal, onLost }
  const kept = keepLease({ store, clock, ttlMs: TTL_MS }, lease, signals)
  return { clock, store, inner, fault, lease, over, kept, onLost, renewals: () => renewals }
}
