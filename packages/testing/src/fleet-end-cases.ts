import assert from 'node:assert/strict'
import type { InstanceExit } from '@changeover/engine'
import { aWhile } from './case-patience.ts'
import type { FleetBench, FleetCase } from './fleet-bench.ts'

/** How instances end: when they are asked to, and by themselves. */
export const endCases: readonly FleetCase[] = [
  [
    'a stopped instance runs no more: it is not listed, and is probed as exited',
    async ({ fleet, launch, stop, listed, running }) => {
      const [leaving, staying] = [await launch(), await launch({ copy: 2 })]
      await stop(leaving)
      assert.deepEqual(await listed(), [staying.id])
      const { ready, exited } = await fleet.probe(leaving)
      assert.deepEqual({ ready, exited }, { ready: false, exited: true })
      if (running) assert.equal(await running(), 1, 'it really does not run')
    },
  ],
  [
    'an instance that stops when asked to is reported as having ended by itself',
    async (bench) => {
      const instance = await readyOne(bench)
      const report = await bench.stop(instance)
      assert.deepEqual([report.instance, report.graceful], [instance.id, true])
    },
  ],
  [
    'to stop an instance that is gone, or never was there, is a success',
    async ({ launch, stop }) => {
      const instance = await launch()
      await stop(instance)
      for (const gone of [instance, { ...instance, id: 'never-launched' }]) {
        const { graceful, instance: named } = await stop(gone)
        assert.deepEqual([named, graceful], [gone.id, true])
      }
    },
  ],
  [
    'to stop an instance twice at the same time ends it once',
    async (bench) => {
      const { stop, listed } = bench
      const instance = await readyOne(bench)
      const reports = await Promise.all([stop(instance), stop(instance)])
      assert.deepEqual(
        reports.map(({ graceful }) => graceful),
        [true, true],
      )
      assert.deepEqual(await listed(), [])
    },
  ],
  [
    'an instance that crashes is told of exactly once, and is listed no more',
    watching(async ({ bench, told, toldOf, crash }) => {
      const { service, stop, listed, probeUntil } = bench
      const instance = await readyOne(bench)
      await crash(instance)
      await toldOf()
      await probeUntil('it is probed as exited', instance, ({ exited = false }) => exited)
      assert.deepEqual(await listed(), [])
      await stop(instance)
      await aWhile()
      assert.deepEqual(
        told.map(({ instance, service }) => ({ instance, service })),
        [{ instance: instance.id, service }],
      )
    }),
  ],
  [
    'an instance that was asked to stop is not told of',
    watching(async ({ bench, told, toldOf, crash }) => {
      const [asked, crashing] = [await readyOne(bench), await bench.launch({ copy: 2 })]
      await bench.stop(asked)
      await crash(crashing)
      await toldOf()
      assert.deepEqual(ids(told), [crashing.id])
    }),
  ],
  [
    'who watches one service is not told of another',
    watching(async ({ bench, toldOf, crash, watch }) => {
      const elsewhere = watch(`not-${bench.service}`)
      await crash(await bench.launch())
      await toldOf()
      assert.deepEqual(ids(elsewhere), [])
    }),
  ],
  [
    'who no longer watches is told nothing more, and the others still are',
    watching(async ({ bench, told, toldOf, crash }) => {
      const late: InstanceExit[] = []
      const unsubscribe = bench.fleet.watch?.(bench.service, (exit) => late.push(exit))
      unsubscribe?.()
      const instance = await bench.launch()
      await crash(instance)
      await toldOf()
      assert.deepEqual({ told: ids(told), late: ids(late) }, { told: [instance.id], late: [] })
    }),
  ],
]

async function readyOne({ launch, probeUntil }: FleetBench) {
  const instance = await launch()
  await probeUntil('it gets ready', instance, ({ ready }) => ready)
  return instance
}

interface Watched {
  readonly bench: FleetBench
  readonly crash: NonNullable<FleetBench['crash']>
  /** The ends that the fleet told of, of the subject's service. */
  readonly told: readonly InstanceExit[]
  /** Resolves as soon as it told of one. */
  readonly toldOf: () => Promise<void>
  /** Those of another one, from now on. */
  readonly watch: (service: string) => readonly InstanceExit[]
}

/** For fleets that tell of crashes. Passes unchecked where one does not, or where nothing can be made to crash. */
function watching(check: (watched: Watched) => Promise<void>): FleetCase[1] {
  return async (bench) => {
    const { crash, fleet, service } = bench
    if (!crash || !fleet.watch) return
    const unsubscribes: ((() => void) | undefined)[] = []
    const watch = (service: string): readonly InstanceExit[] => {
      const told: InstanceExit[] = []
      unsubscribes.push(fleet.watch?.(service, (exit) => told.push(exit)))
      return told
    }
    const told = watch(service)
    const toldOf = async (): Promise<void> => {
      await bench.patience.eventually('the crash is told of', async () => told.length > 0)
    }
    try {
      await check({ bench, crash, watch, told, toldOf })
    } finally {
      for (const unsubscribe of unsubscribes) unsubscribe?.()
    }
  }
}

function ids(told: readonly InstanceExit[]): string[] {
  return told.map(({ instance }) => instance)
}
