import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import {
  paths,
  type ReleaseView,
  type RolloutSummaryView,
  type ServiceView,
} from '../../src/api/index.ts'
import { useApp } from '../app-context.ts'
import { StatusBadge } from '../parts/badge.tsx'
import { Link } from '../parts/link.tsx'
import { Migrations } from '../parts/migrations.tsx'
import { Problem } from '../parts/problem.tsx'
import { RollbackDialog } from '../parts/rollback-dialog.tsx'
import { StreamBadge } from '../parts/stream-badge.tsx'
import { Ago, Lasting } from '../parts/time.tsx'
import { TrafficSplit } from '../parts/traffic-split.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { useServices } from '../parts/use-services.ts'
import { useTitle } from '../parts/use-title.ts'
import { Why } from '../parts/why.tsx'
import { roleRefusal } from '../state/actions.ts'
import { releasesText } from '../state/status.ts'

export function ServiceScreen({ name }: { readonly name: string }): JSX.Element {
  const { services, stream } = useServices()
  const service = services?.find((one) => one.name === name)
  useTitle(name)
  return (
    <>
      <p class="trail">
        <Link to={{ screen: 'services' }}>Services</Link>
      </p>
      <div class="heading">
        <h1>{name}</h1>
        <StreamBadge stream={stream} />
      </div>
      {services && !service && <p class="problem">No service is called {name}.</p>}
      {service && <Shown service={service} />}
    </>
  )
}

function Shown({ service }: { readonly service: ServiceView }): JSX.Element {
  const { name, current, rollout, last, pools, rollbackTo } = service
  // Asked anew whenever a rollout begins or ends.
  const version = `${rollout?.id} ${last?.id} ${last?.outcome}`
  return (
    <div class="columns">
      <div>
        <section class="panel" aria-labelledby="now">
          <h2 id="now">Now</h2>
          {pools && <TrafficSplit pools={pools} newRelease={rollout?.to.id ?? current?.id} />}
          {!current && !rollout && (
            <p class="faint">{last ? 'Nothing serves yet' : 'Never deployed'}</p>
          )}
          {rollout && (
            <p>
              Under way:{' '}
              <Link to={{ screen: 'rollout', id: rollout.id }}>{releasesText(rollout)}</Link>
            </p>
          )}
        </section>
        <Releases service={service} />
      </div>
      <div>
        <History service={name} version={version} />
        <Migrations service={name} releases={withCurrent(current, rollbackTo)} />
      </div>
    </div>
  )
}

function withCurrent(
  current: ReleaseView | undefined,
  others: readonly ReleaseView[],
): readonly ReleaseView[] {
  return current ? [current, ...others.filter(({ id }) => id !== current.id)] : others
}

/** Where one may go back to; the first is where a rollback leads that names none. */
function Releases({ service }: { readonly service: ServiceView }): JSX.Element {
  const { current, rollbackTo, rollout } = service
  const { actor } = useApp()
  const [to, setTo] = useState<string>()
  const refusal = rollout
    ? 'a rollout is under way; roll that one back.'
    : roleRefusal(actor, 'operator')
  return (
    <section class="panel" aria-labelledby="releases">
      <h2 id="releases">Releases</h2>
      <ul class="releases">
        {current && (
          <li>
            <span>
              <b>{current.id}</b> <span class="faint">{current.version}</span>
            </span>
            <span class="faint">current</span>
          </li>
        )}
        {rollbackTo
          .filter(({ id }) => id !== current?.id)
          .map(({ id, version }, index) => (
            <li key={id}>
              <span>
                <b>{id}</b> <span class="faint">{version}</span>
              </span>
              <Why refusal={refusal}>
                <button
                  type="button"
                  class={index === 0 ? 'danger' : ''}
                  disabled={refusal !== undefined}
                  onClick={() => setTo(id)}
                >
                  Roll back to {id}
                </button>
              </Why>
            </li>
          ))}
      </ul>
      {rollbackTo.length === 0 && (
        <p class="faint">No earlier release is recorded: nothing to go back to.</p>
      )}
      {refusal !== undefined && rollbackTo.length > 0 && <p class="faint">Roll back: {refusal}</p>}
      {to !== undefined && (
        <RollbackDialog service={service} to={to} onClose={() => setTo(undefined)} />
      )}
    </section>
  )
}

function History({
  service,
  version,
}: {
  readonly service: string
  readonly version: string
}): JSX.Element {
  const { answer, error } = useAnswer<readonly RolloutSummaryView[]>(
    paths.history(service),
    version,
  )
  return (
    <section class="panel" aria-labelledby="history">
      <h2 id="history">History</h2>
      <Problem error={error} />
      {answer?.length === 0 && <p class="faint">No rollout yet</p>}
      {answer && answer.length > 0 && (
        <ol class="history">
          {newestFirst(answer).map((one) => (
            <li key={one.id}>
              <StatusBadge status={one.outcome ?? 'progressing'} />
              <Link to={{ screen: 'rollout', id: one.id }}>{releasesText(one)}</Link>
              <span class="faint">
                <Ago at={one.startedAt} />, {one.finishedAt === undefined ? 'running for' : 'took'}{' '}
                <Lasting from={one.startedAt} to={one.finishedAt} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function newestFirst(history: readonly RolloutSummaryView[]): readonly RolloutSummaryView[] {
  return history.toSorted((a, b) => b.startedAt - a.startedAt)
}
