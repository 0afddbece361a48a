import { isDeepStrictEqual } from 'node:util'
import type { Entry, Release, Service } from '@changeover/engine'

/** Checks what a service is said to be, and that releases stay what they were recorded as. */
export interface ReleaseObserver {
  /** Of every release that is launched or planned with. */
  readonly see: (release: Release) => void
  /** After every entry that is durable. */
  readonly check: (entry: Entry) => Promise<void>
}

export interface ReleaseObserverOptions {
  /** What the service is now, as anybody may ask. */
  readonly service: () => Promise<Service>
  readonly violate: (rule: number, what: string) => void
}

/** Entries after which the service is asked for: each might be mistaken for the end. */
const ASKED_AFTER: ReadonlySet<Entry['type']> = new Set([
  'commanded',
  'finished',
  'routes-converged',
  'step-finished',
  'turned-back',
])

/** The last good release is never changed in place, and only a rollout that ends well moves what is current. */
export function watchReleases({ service, violate }: ReleaseObserverOptions): ReleaseObserver {
  const recorded = new Map<string, Release>()
  let current: string | undefined
  let plan: Extract<Entry, { type: 'created' }>['plan'] | undefined

  function see(release: Release): void {
    const known = recorded.get(release.id) ?? release
    recorded.set(release.id, known)
    if (known !== release && !isDeepStrictEqual(known, release))
      violate(9, `${release.id} is no longer what it was recorded as`)
  }

  return {
    see,
    async check(entry) {
      if (entry.type === 'created') {
        plan = entry.plan
        for (const release of [plan.from, plan.to]) if (release) see(release)
      }
      if (!ASKED_AFTER.has(entry.type)) return
      if (entry.type === 'finished') current = currentAfter(entry, plan, current)
      const { current: told } = await service()
      if (told) see(told)
      if (told?.id !== current)
        violate(9, `after ${entry.type}, ${told?.id ?? 'nothing'} is current instead of ${current}`)
    },
  }
}

function currentAfter(
  { outcome }: Extract<Entry, { type: 'finished' }>,
  plan: { readonly from: Release | undefined; readonly to: Release } | undefined,
  before: string | undefined,
): string | undefined {
  if (outcome === 'promoted') return plan?.to.id
  return outcome === 'rolled-back' ? plan?.from?.id : before
}
