import type { ComponentChildren, JSX } from 'preact'
import type { ReleaseView, RolloutView } from '../../src/api/index.ts'
import { countText } from '../state/share-text.ts'
import { Ago, Lasting } from './time.tsx'
import { TrafficSplit } from './traffic-split.tsx'

/** What `get rollout` tells at its top. */
export function RolloutFacts({ view }: { readonly view: RolloutView }): JSX.Element {
  const { capacity, holder, warnings, failure, paused, aborted, promotedBy } = view
  return (
    <section class="panel" aria-labelledby="facts">
      <h2 id="facts" class="unseen">
        Overview
      </h2>
      <TrafficSplit pools={view.pools} newRelease={view.to.id} />
      {failure && (
        <div class="problem">
          <code>{failure.code}</code>
          <p>{failure.reason}</p>
        </div>
      )}
      <dl class="facts">
        <Fact name="Strategy">{view.strategy}</Fact>
        <Fact name="From">{releaseText(view.from)}</Fact>
        <Fact name="To">{releaseText(view.to)}</Fact>
        <Fact name="Asked by">{view.by ?? 'nobody named'}</Fact>
        <Fact name="Started">
          <Ago at={view.startedAt} />
        </Fact>
        <Fact name={view.finishedAt === undefined ? 'Running for' : 'Took'}>
          <Lasting from={view.startedAt} to={view.finishedAt} />
        </Fact>
        <Fact name="Replicas">{view.replicas}</Fact>
        <Fact name="Capacity">
          at most {countText(capacity.maxTotal, 'instance')}, {capacity.minAvailable} always serve
        </Fact>
        {paused && (
          <Fact name="Paused by">
            {paused.by}, for <Lasting from={paused.since} to={undefined} />
          </Fact>
        )}
        {promotedBy !== undefined && <Fact name="Promoted by">{promotedBy}</Fact>}
        {aborted && (
          <Fact name="Given up by">
            {aborted.by}: {aborted.reason}
          </Fact>
        )}
        {holder !== undefined && <Fact name="Led by">{holder}</Fact>}
        <Fact name="Rollout">
          <code>{view.id}</code>
        </Fact>
      </dl>
      {warnings.length > 0 && (
        <ul class="warnings">
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Fact({
  name,
  children,
}: {
  readonly name: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function releaseText(release: ReleaseView | undefined): string {
  if (!release) return 'nothing'
  return release.version === release.id ? release.id : `${release.id} (${release.version})`
}
