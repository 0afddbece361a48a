import type { Entry, InstancePhase } from '@changeover/engine'
import type { InstanceView } from '../../src/api/index.ts'

export type Instances = ReadonlyMap<string, InstanceView>

/** In the order in which an instance goes through them. */
const phases: readonly InstancePhase[] = ['launching', 'starting', 'ready', 'available', 'stopping']

/** The instances after these entries. */
export function foldInstances(known: Instances, entries: readonly Entry[]): Instances {
  const instances = new Map(known)
  for (const entry of entries) foldOne(instances, entry)
  return instances
}

function foldOne(instances: Map<string, InstanceView>, entry: Entry): void {
  const { at } = entry
  switch (entry.type) {
    case 'adopted': {
      const { id, release, address } = entry.instance
      const phase = entry.ready ? 'available' : 'starting'
      return put(instances, { id, release, address, phase, since: at })
    }
    case 'launch-intended': {
      const { id, release } = entry
      return put(instances, { id, release, phase: 'launching', address: undefined, since: at })
    }
    case 'launched': {
      const { id, address } = entry.instance
      return change(instances, id, { phase: 'starting', address, since: at })
    }
    case 'ready':
    case 'available':
      return change(instances, entry.id, { phase: entry.type, since: at })
    case 'unready':
      return change(instances, entry.id, { phase: 'starting', since: at })
    case 'stop-intended':
      return change(instances, entry.id, { phase: 'stopping', since: at })
    case 'lost':
    case 'stopped':
      instances.delete(entry.id)
      return undefined
    default:
      return undefined
  }
}

function put(instances: Map<string, InstanceView>, instance: InstanceView): void {
  instances.set(instance.id, instance)
}

function change(instances: Map<string, InstanceView>, id: string, to: Partial<InstanceView>): void {
  const known = instances.get(id)
  if (known) instances.set(id, { ...known, ...to })
}

export interface InstanceGroup {
  readonly release: string
  readonly total: number
  /** Only phases that have any, in the order of their lives. */
  readonly phases: readonly {
    readonly phase: InstancePhase
    readonly instances: readonly InstanceView[]
  }[]
}

/** Instances by release and phase; the releases in this order, others after them. */
export function groupInstances(
  instances: Instances,
  releases: readonly string[],
): readonly InstanceGroup[] {
  const all = [...instances.values()]
  const names = [...new Set([...releases, ...all.map(({ release }) => release)])]
  return names.map((release) => {
    const own = all.filter((one) => one.release === release)
    const byPhase = phases.map((phase) => ({
      phase,
      instances: own.filter((one) => one.phase === phase),
    }))
    return {
      release,
      total: own.length,
      phases: byPhase.filter((one) => one.instances.length > 0),
    }
  })
}
