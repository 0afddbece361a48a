import type { JSX } from 'preact'
import type { RolloutView } from '../../src/api/index.ts'
import type { StreamState } from '../api/stream.ts'
import { Actions } from '../parts/actions.tsx'
import { StatusBadge } from '../parts/badge.tsx'
import { Gates } from '../parts/gates.tsx'
import { InstanceGroups } from '../parts/instance-groups.tsx'
import { Journal } from '../parts/journal.tsx'
import { Link } from '../parts/link.tsx'
import { Plan } from '../parts/plan.tsx'
import { Plots } from '../parts/plots.tsx'
import { Problem } from '../parts/problem.tsx'
import { RolloutFacts } from '../parts/rollout-facts.tsx'
import { StreamBadge } from '../parts/stream-badge.tsx'
import { useRollout } from '../parts/use-rollout.ts'
import { useTitle } from '../parts/use-title.ts'
import type { RolloutState } from '../state/rollout.ts'
import { announcement, releasesText, statusText } from '../state/status.ts'

export function RolloutScreen({ id }: { readonly id: string }): JSX.Element {
  const { state, stream, error } = useRollout(id)
  const { view } = state
  useTitle(view ? `${view.service} ${releasesText(view)}: ${statusText(view.status).text}` : id)
  return (
    <>
      <p class="trail">
        <Link to={{ screen: 'services' }}>Services</Link>
        {view && <Link to={{ screen: 'service', service: view.service }}>{view.service}</Link>}
      </p>
      <Problem error={error} />
      {!view && !error && <h1>Rollout {id}</h1>}
      {view && <Shown state={state} view={view} stream={stream} />}
    </>
  )
}

interface ShownProps {
  readonly state: RolloutState
  readonly view: RolloutView
  readonly stream: StreamState
}

function Shown({ state, view, stream }: ShownProps): JSX.Element {
  return (
    <>
      <div class="heading">
        <h1>
          {view.service}: {releasesText(view)}
        </h1>
        <StatusBadge status={view.status} />
        <StreamBadge stream={stream} />
      </div>
      {/* Only what changes for everybody is read out, not each entry. */}
      <p class="unseen" role="status" aria-live="polite">
        {announcement(view)}
      </p>
      <Actions view={view} />
      <div class="columns rollout">
        <div>
          <RolloutFacts view={view} />
          <Plan view={view} />
          <Gates view={view} looks={state.looks} />
        </div>
        <div>
          <Plots state={state} view={view} />
          <InstanceGroups view={view} instances={state.instances} />
        </div>
      </div>
      <Journal id={view.id} entries={state.entries} ended={view.outcome !== undefined} />
    </>
  )
}
