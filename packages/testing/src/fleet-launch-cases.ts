import assert from 'node:assert/strict'
import type { FleetBench, FleetCase } from './fleet-bench.ts'

const AT_ONCE = 4
const ABORT_AFTER_MS = [undefined, 0, 2, 5, 10, 20] as const

/** What launching and probing do. */
export const launchCases: readonly FleetCase[] = [
  [
    'a launch answers with an instance of the id, the service and the release asked for',
    async ({ fleet, request }) => {
      const asked = request()
      const { address, ...instance } = await fleet.launch(asked)
      const { id, service, release } = asked
      assert.deepEqual(instance, { id, service, release: release.id })
      assert.match(address, /^\S+:\d+$/, 'an address is a host and a port')
    },
  ],
  [
    'a launch under an id that runs already answers with that instance, and starts no other',
    async (bench) => {
      const instance = await bench.launch()
      assert.deepEqual(await bench.launch(), instance)
      await assertRuns(bench, [instance.id])
    },
  ],
  [
    'launches at the same time under one id are one instance',
    async (bench) => {
      const launches = Array.from({ length: AT_ONCE }, () => bench.launch())
      const [instance, ...others] = await Promise.all(launches)
      assert.ok(instance)
      for (const other of others) assert.deepEqual(other, instance)
      await assertRuns(bench, [instance.id])
    },
  ],
  [
    'instances have addresses of their own',
    async ({ launch }) => {
      const copies = Array.from({ length: AT_ONCE }, (_, copy) => launch({ copy }))
      const addresses = (await Promise.all(copies)).map(({ address }) => address)
      assert.equal(new Set(addresses).size, AT_ONCE, `addresses: ${addresses.join(', ')}`)
    },
  ],
  [
    'an instance of a sound release gets ready, and a ready one has not exited',
    async ({ launch, probeUntil }) => {
      const readiness = await probeUntil('it gets ready', await launch(), ({ ready }) => ready)
      assert.notEqual(readiness.exited, true)
    },
  ],
  [
    'an instance that is up and not ready says why, again and again',
    async ({ fleet, launch }) => {
      const instance = await launch({ kind: 'never-ready' })
      for (let probe = 0; probe < 3; probe += 1) {
        const { ready, exited = false, reason } = await fleet.probe(instance)
        assert.deepEqual({ ready, exited }, { ready: false, exited: false })
        assert.match(reason ?? '', /\w/, 'it says why')
      }
    },
  ],
  [
    'an instance that ended by itself is probed as exited, with the reason, and listed no more',
    async ({ launch, probeUntil, listed }) => {
      const instance = await launch({ kind: 'exits' })
      const hasExited = await probeUntil('it exits', instance, ({ exited = false }) => exited)
      assert.equal(hasExited.ready, false)
      assert.match(hasExited.reason ?? '', /\w/, 'it says how it ended')
      assert.deepEqual(await listed(), [])
    },
  ],
  [
    'the list shows what runs, as it was launched, and only of the service asked for',
    async ({ fleet, service, launch, stop, listed }) => {
      assert.deepEqual(await listed(), [])
      const instances = [
        await launch(),
        await launch({ copy: 2 }),
        await launch({ kind: 'never-ready' }),
      ]
      const other = await launch({ service: `not-${service}` })
      const found = (await fleet.list(service)).toSorted((a, b) => a.id.localeCompare(b.id))
      assert.deepEqual(
        found,
        instances.toSorted((a, b) => a.id.localeCompare(b.id)),
      )
      assert.deepEqual(await listed(other.service), [other.id])
      await stop(other)
    },
  ],
  [
    'a launch that is aborted leaves an instance that is listed, or none that runs, and can be repeated',
    async (bench) => {
      const { launch, listed, running, patience } = bench
      await Promise.all(ABORT_AFTER_MS.map((ms, copy) => launchAndAbort(bench, copy, ms)))
      await patience.eventually('all that runs is listed', async () => {
        return running === undefined || (await running()) === (await listed()).length
      })
      const copies = await Promise.all(ABORT_AFTER_MS.map((_, copy) => launch({ copy })))
      await assertRuns(
        bench,
        copies.map(({ id }) => id),
      )
    },
  ],
]

/** Aborts the launch so long after it began; before it begins where that is undefined. Whatever it comes to is fine. */
async function launchAndAbort(
  { fleet, request }: FleetBench,
  copy: number,
  afterMs: number | undefined,
): Promise<void> {
  const controller = new AbortController()
  const abort = (): void => controller.abort(new Error('enough'))
  if (afterMs === undefined) abort()
  const launch = fleet.launch(request({ copy }), { signal: controller.signal })
  const timer = setTimeout(abort, afterMs)
  await Promise.allSettled([launch])
  clearTimeout(timer)
}

async function assertRuns({ listed, running }: FleetBench, ids: readonly string[]): Promise<void> {
  assert.deepEqual(await listed(), ids)
  if (running) assert.equal(await running(), ids.length, 'no more runs than is listed')
}
