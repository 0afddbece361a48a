import type { JSX } from 'preact'
import {
  paths,
  type RolloutSummaryView,
  type RolloutView,
  type ServiceView,
} from '../../src/api/index.ts'
import { Link } from '../parts/link.tsx'
import { StatusBadge } from '../parts/badge.tsx'
import { StreamBadge } from '../parts/stream-badge.tsx'
import { Ago, Lasting, useNow } from '../parts/time.tsx'
import { TrafficSplit } from '../parts/traffic-split.tsx'
import { Progress } from '../parts/progress.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { useServices } from '../parts/use-services.ts'
import { countText } from '../state/share-text.ts'
import { progressOf, releasesText } from '../state/status.ts'
import { useTitle } from '../parts/use-title.ts'

export function ServicesScreen(): JSX.Element {
  const { services, stream } = useServices()
  useTitle('Services')
  return (
    <>
      <div class="heading">
        <h1>Services</h1>
        <StreamBadge stream={stream} />
      </div>
      {services === undefined && <p class="faint">Asking for the services…</p>}
      {services?.length === 0 && <NoServices />}
      <ul class="services">
        {services?.map((service) => (
          <ServiceCard key={service.name} service={service} />
        ))}
      </ul>
    </>
  )
}

function NoServices(): JSX.Element {
  return (
    <section class="panel">
      <h2>No service yet</h2>
      <p>
        The first deploy makes one: <code>changeover deploy SERVICE VERSION</code>
      </p>
    </section>
  )
}

function ServiceCard({ service }: { readonly service: ServiceView }): JSX.Element {
  const { name, current, rollout, last, pools, replicas } = service
  return (
    <li class="panel service">
      <div class="service-name">
        <h2>
          <Link to={{ screen: 'service', service: name }}>{name}</Link>
        </h2>
        <p class="faint">
          {current ? (
            <>
              <b>{current.id}</b> {current.version !== current.id && current.version}
            </>
          ) : (
            <>{last || rollout ? 'Nothing serves yet' : 'Never deployed'}</>
          )}
          {current && replicas !== undefined && <>, {countText(replicas, 'instance')}</>}
        </p>
      </div>
      <div class="service-traffic">
        {pools && <TrafficSplit pools={pools} newRelease={rollout?.to.id ?? current?.id} />}
      </div>
      <div class="service-rollout">
        {rollout && <UnderWay key={rollout.id} service={service} />}
        {!rollout && last && <Ended rollout={last} />}
      </div>
    </li>
  )
}

const everyMs = 2000

/** Where it stands is asked for anew whenever the routes change, and every two seconds. */
function UnderWay({ service }: { readonly service: ServiceView }): JSX.Element | null {
  const { rollout, pools } = service
  // Pauses and gates change nothing that the list of services tells.
  const version = `${Math.floor(useNow() / everyMs)} ${JSON.stringify(pools)}`
  const { answer } = useAnswer<RolloutView>(paths.rollout(rollout?.id ?? ''), version)
  if (!rollout) return null
  const progress = answer && progressOf(answer)
  return (
    <>
      <StatusBadge status={answer?.status ?? 'progressing'} />
      <p>
        <Link to={{ screen: 'rollout', id: rollout.id }}>{releasesText(rollout)}</Link>
      </p>
      {progress && <Progress {...progress} />}
      <p class="faint">
        {progress && `step ${Math.min(progress.done + 1, progress.all)} of ${progress.all}, `}
        under way for <Lasting from={rollout.startedAt} to={undefined} />
      </p>
    </>
  )
}

function Ended({ rollout }: { readonly rollout: RolloutSummaryView }): JSX.Element {
  return (
    <>
      {rollout.outcome && <StatusBadge status={rollout.outcome} />}
      <p>
        <Link to={{ screen: 'rollout', id: rollout.id }}>{releasesText(rollout)}</Link>
      </p>
      {rollout.finishedAt !== undefined && (
        <p class="faint">
          <Ago at={rollout.finishedAt} />
        </p>
      )}
    </>
  )
}
