import type { JSX } from 'preact'
import type { RolloutView } from '../../src/api/index.ts'
import { groupInstances, type InstanceGroup, type Instances } from '../state/instances.ts'
import { countText } from '../state/share-text.ts'
import { useMemo, useState } from 'preact/hooks'
import { InstanceList } from './instance-list.tsx'

export interface InstanceGroupsProps {
  readonly view: RolloutView
  readonly instances: Instances
}

/** Instances by release and phase: a square each, and a list on demand. */
export function InstanceGroups({ view, instances }: InstanceGroupsProps): JSX.Element {
  const { from, to } = view
  const groups = useMemo(
    () => groupInstances(instances, [to.id, ...(from ? [from.id] : [])]),
    [instances, from?.id, to.id],
  )
  return (
    <section class="panel" aria-labelledby="instances">
      <h2 id="instances">Instances</h2>
      {groups.map((group) => (
        <Group
          key={group.release}
          service={view.service}
          group={group}
          side={group.release === to.id ? 'new' : 'old'}
        />
      ))}
    </section>
  )
}

interface GroupProps {
  readonly service: string
  readonly group: InstanceGroup
  readonly side: 'old' | 'new'
}

function Group({ service, group, side }: GroupProps): JSX.Element {
  const [listed, setListed] = useState(false)
  return (
    <div class={`instances ${side}`}>
      <h3>
        {group.release} <span class="faint">{countText(group.total, 'instance')}</span>
      </h3>
      <ul class="phases">
        {group.phases.map(({ phase, instances }) => (
          <li key={phase}>
            <span class="number">{instances.length.toLocaleString('en')}</span> {phase}
          </li>
        ))}
      </ul>
      <div class="squares" aria-hidden="true">
        {group.phases.flatMap(({ phase, instances }) =>
          instances.map(({ id }) => <span key={id} class={phase} title={`${id}: ${phase}`} />),
        )}
      </div>
      {group.total > 0 && (
        <details onToggle={(event) => setListed(event.currentTarget.open)}>
          <summary>
            List<span class="unseen"> of the instances of {group.release}</span>
          </summary>
          {listed && <InstanceList service={service} group={group} />}
        </details>
      )}
    </div>
  )
}
